import { EventEmitter } from "node:events";
import { createClient } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import type { HttpCall, HttpGuard } from "../../../src/http/http.js";
import type { Connection } from "../../../src/http/node/connection.js";
import { exchange } from "../../../src/http/node/exchange.js";
import { Code, createAuthClient, createAuthTransport, getErrorInfo, grpc, grpcWeb, rest } from "../../../src/node.js";
import { violations } from "../../faults/violations.js";
import { PlainService } from "../../gen/plain_pb.js";
import { okAnswer, type RawH2Connection, type RawH2Stream, startRawH2 } from "../../helpers/raw-h2.js";

const token = "token-of-nobody";

describe("an answer that is whole before the request is out", () => {
  // No window for the request's body, and few streams at a time.
  const settings = [
    [4, 0],
    [3, 3],
  ] as const;

  for (const [protocol, ends] of [
    [grpc, "Internal missing-trailers"],
    [grpcWeb, "ok"],
    [rest, "ok"],
  ] as const) {
    const send = async (onHeaders: (one: RawH2Stream) => void) => {
      await using server = await startRawH2({ settings, onHeaders });
      await using auth = createAuthClient({ baseUrl: server.url, token, protocol, http2: {}, timeoutMs: 2_000 });
      const calls = Array.from({ length: 7 }, () => auth.listMyRefreshTokens({}));
      return await Promise.all(calls.map((call) => call.then(() => "ok", outcomeOf)));
    };

    test(`is taken, and the stream given back, ${protocol.name}`, async () => {
      const answer = (one: RawH2Stream) => {
        one.head();
        one.data(okAnswer(one.headers["content-type"]).body, { endStream: true });
      };
      expect(await send(answer)).toEqual(Array(7).fill(ends));
      const forbid = (one: RawH2Stream) => one.respond(403, { "content-type": "text/html" }, "<h1>no</h1>");
      expect(await send(forbid)).toEqual(Array(7).fill("PermissionDenied undefined"));
    });

    test(`is not taken where it is only the beginning of one, ${protocol.name}`, async () => {
      const cut = (one: RawH2Stream) => {
        one.head();
        one.data(okAnswer(one.headers["content-type"]).body);
        one.rst(8);
      };
      expect(await send(cut)).toEqual(Array(7).fill("Canceled rst-cancel"));
    });
  }
});

for (const [how, end] of [
  ["REFUSED_STREAM", (one: RawH2Stream) => one.rst(7)],
  [
    "a GOAWAY that leaves it out",
    ({ connection }: RawH2Stream) => {
      connection.goaway(0, 0);
      connection.end();
    },
  ],
] as const) {
  test(`an answer that began is not asked for once more, also where ${how} ends it`, async () => {
    await using server = await startRawH2({
      onRequest(one) {
        one.head();
        setTimeout(end, 50, one);
      },
    });
    await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
    await expect(auth.listMyRefreshTokens({})).rejects.toMatchObject({ code: Code.Unavailable });
    expect(server.requests).toHaveLength(1);
  });
}

for (const name of ["§4.1 HTTP/1.1", "§4.3 header fields that cannot be decompressed", "§6.1 DATA on the connection"]) {
  test(`${name}, which Node 20 does not tell, costs no more than one deadline`, async () => {
    let guilty: RawH2Connection | undefined;
    await using server = await startRawH2({
      onRequest(one) {
        if (guilty === undefined) {
          guilty = one.connection;
          violations[name]?.(guilty);
        } else if (one.connection !== guilty) one.ok();
      },
    });
    await using auth = createAuthClient({ baseUrl: server.url, token, timeoutMs: 3_000, retry: false });
    await auth.listMyRefreshTokens({}, { timeoutMs: 300 }).catch(() => {});
    await auth.listMyRefreshTokens({});
    expect(server.connections).toHaveLength(2);
  });
}

test("data that is handed out before the head, as Deno does, is not lost", async () => {
  const end = () => {};
  const stream = Object.assign(new EventEmitter(), { end, writableLength: 0, rstCode: 0 });
  const connection = { frames: 0, bytesRead: 0, isDead: false, request: () => stream, finished() {} };
  const guard: HttpGuard = { checkHead() {}, checkStart() {}, startBytes: () => 0, maxBodyBytes: 1e6 };
  const call: HttpCall = { stopped: undefined, step: "", onStop() {}, offStop() {}, notSent() {} };
  const request = { method: "POST", path: "/", headers: {} };
  const sent = exchange(connection as unknown as Connection, request, guard, call);
  stream.emit("data", Buffer.from("1"));
  stream.emit("data", Buffer.from("2"));
  stream.emit("response", { ":status": 200 }, 4);
  stream.emit("data", Buffer.from("3"));
  stream.emit("trailers", { "grpc-status": "0" });
  stream.emit("end");
  const { status, body, trailers } = await sent;
  expect([status, Buffer.from(body).toString(), trailers?.get("grpc-status")]).toEqual([200, "123", "0"]);
});

function outcomeOf(error: unknown): string {
  return `${Code[(error as { code: Code }).code]} ${getErrorInfo(error).reason}`;
}

const refusedStream = 7;

async function failing(onRequest: (stream: RawH2Stream) => void) {
  await using server = await startRawH2({ onRequest });
  await using auth = createAuthClient({ baseUrl: server.url, token: "token-of-nobody", retry: false });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  const { reason } = getErrorInfo(error);
  return { code: (error as { code?: Code }).code, reason, requests: server.requests.length };
}

describe("REFUSED_STREAM is the server's word that it did not take a request", () => {
  test("as the code of its stream: it is sent once more even without retry", async () => {
    expect(await failing((one) => one.rst(refusedStream))).toMatchObject({ reason: "rst-refused-stream", requests: 2 });
  });

  test("but not as the code of a GOAWAY that includes it", async () => {
    const lost = { code: Code.Unavailable, reason: "connection-lost", requests: 1 };
    expect(await failing((one) => one.connection.goaway(one.id, refusedStream))).toEqual(lost);
    const headFirst = (one: RawH2Stream) => {
      one.head();
      one.connection.goaway(one.id, refusedStream);
    };
    expect(await failing(headFirst)).toEqual(lost);
  });

  test("nor after the answer's head", async () => {
    const headFirst = (one: RawH2Stream) => {
      one.head();
      one.rst(refusedStream);
    };
    const cut = { code: Code.Unavailable, reason: "rst-refused-stream", requests: 1 };
    expect(await failing(headFirst)).toEqual(cut);
  });
});

describe("a GOAWAY that leaves out a request whose answer began", () => {
  for (const [what, begin] of [
    ["HEADERS", (one: RawH2Stream) => one.head()],
    [
      "DATA",
      (one: RawH2Stream) => {
        one.head();
        one.data(Buffer.from([0, 0, 0]));
      },
    ],
  ] as const) {
    const goaway = (one: RawH2Stream) => {
      begin(one);
      one.connection.goaway(0, 0);
    };

    test(`does not take back that it was processed, after ${what}: it is lost`, async () => {
      expect(await failing(goaway)).toEqual({ code: Code.Unavailable, reason: "connection-lost", requests: 1 });
    });

    test(`after ${what}, so that what is not safe to repeat is not sent again`, async () => {
      await using server = await startRawH2({ onRequest: goaway });
      const transport = createAuthTransport({ baseUrl: server.url, token, retry: { initialBackoffMs: 1 } });
      try {
        const call = createClient(PlainService, transport).getThing({ id: "1" });
        await expect(call).rejects.toThrow(/GOAWAY 0/);
      } finally {
        transport.close();
      }
      expect(server.requests).toHaveLength(1);
    });

    test(`after ${what}: what is safe to repeat is, with retries`, async () => {
      await using server = await startRawH2({ onRequest: (one) => (one.number === 1 ? goaway(one) : one.ok()) });
      await using auth = createAuthClient({ baseUrl: server.url, token, retry: { initialBackoffMs: 1 } });
      await auth.listMyRefreshTokens({});
      expect(server.requests).toHaveLength(2);
    });
  }
});
