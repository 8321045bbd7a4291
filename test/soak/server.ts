// A process of its own: an HTTP/2 server that answers most requests and spoils the others, at random but seeded.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  ListMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenRequestSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import { violations } from "../faults/violations.js";
import { envelope, type RawH2Connection, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { createRandom } from "./random.js";

export type ServerReport = {
  /** How often each thing happened. */
  actions: Record<string, number>;
  /** How many connections it ended, one way or another. */
  ended: number;
  connections: { accepted: number; open: number; mostOpen: number };
};

type Action = { weight: number; endsConnection?: true; act(stream: RawH2Stream, message: Uint8Array): void };

const random = createRandom(Number(process.argv[2]));
const noError = 0;
const internalError = 2;
const refusedStream = 7;

/** Connections that answer nothing any more, and those that take no new streams. */
const silent = new WeakSet<RawH2Connection>();
const leaving = new WeakSet<RawH2Connection>();

function later(connection: RawH2Connection, ms: number, act: () => void): void {
  setTimeout(() => {
    if (!connection.socket.destroyed && !silent.has(connection)) act();
  }, ms);
}

function goAway(connection: RawH2Connection, lastStreamId: number): void {
  leaving.add(connection);
  connection.goaway(lastStreamId, noError);
}

const actions: Record<string, Action> = {
  answer: { weight: 8_000, act: (stream, message) => stream.ok(message) },
  "answer late": {
    weight: 500,
    act: (stream, message) => later(stream.connection, random() * 50, () => stream.ok(message)),
  },
  "answer in two parts": {
    weight: 300,
    act(stream, message) {
      const bytes = envelope(message);
      stream.head();
      stream.data(bytes.subarray(0, 7));
      later(stream.connection, random() * 20, () => {
        stream.data(bytes.subarray(7));
        stream.trailers();
      });
    },
  },
  "fail as Unavailable": { weight: 200, act: (stream) => stream.status(Code.Unavailable, "busy") },
  "fail as Unavailable, with pushback": {
    weight: 50,
    act: (stream) => stream.status(Code.Unavailable, "busy", { "grpc-retry-pushback-ms": 20 }),
  },
  "refuse the stream": { weight: 300, act: (stream) => stream.rst(refusedStream) },
  "reset the stream": { weight: 150, act: (stream) => stream.rst(internalError) },
  "reset amid the message": {
    weight: 50,
    act(stream, message) {
      stream.head();
      stream.data(envelope(message).subarray(0, 7));
      stream.rst(internalError);
    },
  },
  stall: { weight: 150, act() {} },
  "go away, then answer": {
    weight: 20,
    endsConnection: true,
    act(stream, message) {
      goAway(stream.connection, stream.id);
      stream.ok(message);
      later(stream.connection, 1_000, () => stream.connection.end());
    },
  },
  "go away, without this one": {
    weight: 20,
    endsConnection: true,
    act(stream) {
      goAway(stream.connection, Math.max(0, stream.id - 2));
      later(stream.connection, 1_000, () => stream.connection.end());
    },
  },
  "end the connection": { weight: 10, endsConnection: true, act: ({ connection }) => connection.end() },
  "reset the connection": { weight: 10, endsConnection: true, act: ({ connection }) => connection.reset() },
  "break the rules": {
    weight: 15,
    endsConnection: true,
    act({ connection }) {
      const all = Object.values(violations);
      leaving.add(connection);
      all[Math.floor(random() * all.length)]?.(connection);
      // Node notices some of them, and leaves it to the server to close the connection for the others.
      later(connection, 1_000, () => connection.end());
    },
  },
  "fall silent": {
    weight: 3,
    endsConnection: true,
    act({ connection }) {
      silent.add(connection);
      connection.ackPing = false;
    },
  },
};
const weights = Object.values(actions).reduce((sum, { weight }) => sum + weight, 0);

function chooseAction(): [string, Action] {
  let rest = random() * weights;
  for (const named of Object.entries(actions)) {
    rest -= named[1].weight;
    if (rest < 0) return named;
  }
  throw new Error("the weights do not add up");
}

// What a revoke is answered with tells which request the answer is for.
function answerTo(stream: RawH2Stream): Uint8Array {
  if (stream.headers[":path"]?.endsWith("/ListMyRefreshTokens")) {
    const result = [{ id: "1", scopes: ["openid"] }];
    return toBinary(ListMyRefreshTokensResponseSchema, create(ListMyRefreshTokensResponseSchema, { result }));
  }
  const { id } = fromBinary(RevokeMyRefreshTokenRequestSchema, Buffer.concat(stream.body).subarray(5));
  const details = { sequence: BigInt(id) };
  return toBinary(RevokeMyRefreshTokenResponseSchema, create(RevokeMyRefreshTokenResponseSchema, { details }));
}

const done: Record<string, number> = {};
let accepted = 0;
let mostOpen = 0;

const server = await startRawH2({
  // Less than the client has calls in flight, so that some have to wait.
  settings: [[0x3, 50]],
  onRequest(stream) {
    const { connection } = stream;
    connection.windowUpdate(stream.body.reduce((sum, { length }) => sum + length, 0));
    countConnections();
    if (silent.has(connection) || leaving.has(connection)) return;
    const [name, action] = chooseAction();
    done[name] = (done[name] ?? 0) + 1;
    action.act(stream, answerTo(stream));
  },
});

function countConnections(): number {
  // Nobody reads them, and there will be many.
  server.requests.length = 0;
  const open = server.connections.filter(({ socket }) => !socket.destroyed).length;
  accepted = server.connections.length;
  mostOpen = Math.max(mostOpen, open);
  return open;
}

process.on("message", () => {
  const enders = Object.keys(done).filter((name) => actions[name]?.endsConnection);
  const ended = enders.reduce((sum, name) => sum + (done[name] ?? 0), 0);
  const report: ServerReport = { actions: done, ended, connections: { accepted, open: countConnections(), mostOpen } };
  process.send?.(report);
});
process.once("disconnect", () => process.exit());
process.send?.(server.url);
