import { describe, expect, test } from "@jest/globals";
import { Code, getErrorInfo } from "../../src/node.js";
import { okAnswer, type RawH2Connection, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { type Relay, startRelay } from "../helpers/relay.js";
import { pause, simulateTime } from "../helpers/simulated-time.js";
import { until } from "./fault-row.js";
import { type Client, type ClientOptions, clientFor } from "./routes.js";

// What a deadline that passes without a word from the server costs: a PING, another connection, or nothing. All is
// counted at the server, which counts PINGs as grpc-go does by default. One route stands for all that go over HTTP/2.

// A late answer to a PING is what these rows are about: none must be late by accident.
simulateTime();

interface Bad {
  readonly name: string;
  /** Of the path, in milliseconds. */
  readonly roundTripMs: number;
  readonly pingTimeoutMs: number;
  /** Deadlines below and above `pingTimeoutMs`. */
  readonly deadlines: readonly [below: number, above: number];
}

const deadPath: Bad = { name: "a dead path", roundTripMs: 0, pingTimeoutMs: 600, deadlines: [300, 1_000] };
const slowPaths = [50, 150, 300].map(
  (ms): Bad => ({ name: `a round trip of ${ms} ms`, roundTripMs: ms, pingTimeoutMs: 800, deadlines: [600, 1_000] }),
);
const slowServers: Bad[] = [
  // Not quite near: a machine that is busy may answer a PING of no round trip too late.
  { name: "a stuck server", roundTripMs: 200, pingTimeoutMs: 600, deadlines: [300, 900] },
  ...slowPaths,
];

/** What {deadline below and above the timeout of a PING} × {alone, beside others} × {with retry, without} come to. */
async function inEachCase<T>({ deadlines }: Bad, run: (one: Case) => Promise<T>): Promise<Record<string, T>> {
  const cases = deadlines.flatMap((timeoutMs) =>
    [false, true].flatMap((isBusy) =>
      [{ initialBackoffMs: 1, maxBackoffMs: 1 }, false as const].map((retry) => ({ timeoutMs, isBusy, retry })),
    ),
  );
  const nameOf = ({ timeoutMs, isBusy, retry }: Case) =>
    `${timeoutMs} ms, ${isBusy ? "beside others" : "alone"}, ${retry ? "with" : "without"} retry`;
  return Object.fromEntries(await Promise.all(cases.map(async (one) => [nameOf(one), await run(one)] as const)));
}

interface Case extends Pick<ClientOptions, "retry"> {
  readonly timeoutMs: number;
  readonly isBusy: boolean;
}

for (const bad of slowServers) {
  test(`passed deadlines cost no call, no GOAWAY and no connection: ${bad.name}`, async () => {
    const seen = await inEachCase(bad, async ({ timeoutMs, isBusy, retry }) => {
      await using peer = await startPeer(bad.roundTripMs);
      const http2 = { pingTimeoutMs: bad.pingTimeoutMs };
      await using client = peer.client({ retry, timeoutMs: 20_000, http2 });
      const calls = new Calls(client);
      await calls.answered();
      const others = isBusy ? calls.loop(5) : undefined;
      for (let call = 0; call < 2; call++) {
        await calls.stuck(timeoutMs);
        await calls.answered();
      }
      await others?.end();
      const { requests, ...rest } = peer.seen();
      // One a doubt, each of which an answer ends.
      for (const { pings } of peer.server.connections) expect(pings).toBeLessThanOrEqual(2);
      const failed = calls.outcomes.filter((outcome) => outcome !== "ok");
      return { ...rest, failed, resent: requests - calls.outcomes.length };
    });
    const wanted = { connections: 1, goaways: 0, failed: ["DeadlineExceeded", "DeadlineExceeded"], resent: 0 };
    expect(seen).toEqual(mapValues(seen, () => wanted));
  });
}

test(`only what was on its way is lost: ${deadPath.name}`, async () => {
  const seen = await inEachCase(deadPath, async ({ timeoutMs, isBusy, retry }) => {
    await using peer = await startPeer();
    await using client = peer.client({ retry, timeoutMs, http2: { pingTimeoutMs: deadPath.pingTimeoutMs } });
    const calls = new Calls(client);
    await calls.answered();
    const others = isBusy ? calls.loop(5) : undefined;
    await pause(50);
    peer.relay.die();
    for (let call = 0; call < 4; call++) await calls.answered();
    await others?.end();
    for (let call = 0; call < 3; call++) await calls.answered();
    const failed = calls.outcomes.filter((outcome) => outcome !== "ok");
    // Of each loop the call that was on its way, and the next one where an answer had come since that was sent.
    expect(failed.length).toBeLessThanOrEqual(isBusy ? 11 : 1);
    // Without retry the PING's timeout may end one that was sent just before the doubt.
    const isExpected = (outcome: string) => outcome === "DeadlineExceeded" || (!retry && /lost$/.test(outcome));
    expect(failed.filter((outcome) => !isExpected(outcome))).toEqual([]);
    const { goaways, connections } = peer.seen();
    return { goaways, connections, someFailed: failed.length > 0, last: calls.outcomes.slice(-3) };
  });
  const wanted = { connections: 2, goaways: 0, someFailed: true, last: ["ok", "ok", "ok"] };
  expect(seen).toEqual(mapValues(seen, () => wanted));
});

function mapValues<T>(record: Record<string, unknown>, make: () => T): Record<string, T> {
  return Object.fromEntries(Object.keys(record).map((key) => [key, make()]));
}

describe("a stuck server", () => {
  for (const pingIntervalMs of [30_000, false] as const) {
    for (const timeoutMs of [100, 400]) {
      test(`gets each call once, though ${timeoutMs} ms pass for each, with pingIntervalMs of ${pingIntervalMs}`, async () => {
        await using peer = await startPeer();
        const pingTimeoutMs = 250;
        await using client = peer.client({ http2: { pingIntervalMs, pingTimeoutMs } });
        const calls = new Calls(client);
        await calls.answered();
        const all: Promise<void>[] = [];
        for (let call = 0; call < 60; call++) {
          all.push(calls.stuck(timeoutMs));
          await pause(25);
        }
        await Promise.all(all);
        const { connections, goaways, requests } = peer.seen();
        expect(goaways).toBe(0);
        // A doubt after the first deadline, and then after one second, and two more.
        expect(connections).toBeLessThanOrEqual(3);
        // Where no PING tells that the server is there, what is left on a connection that was replaced ends with it.
        if (pingIntervalMs || timeoutMs < pingTimeoutMs) {
          expect(requests).toBe(61);
          expect(new Set(calls.outcomes.slice(1))).toEqual(new Set(["DeadlineExceeded"]));
        }
        for (const { pings } of peer.server.connections) expect(pings).toBeLessThanOrEqual(pingIntervalMs ? 1 : 0);
      });
    }
  }

  test("whose doubt was decided is not doubted for a second, and then replaced without another PING", async () => {
    await using peer = await startPeer();
    await using client = peer.client({});
    const calls = new Calls(client);
    await calls.answered();
    await calls.stuck(50);
    await until(() => peer.server.connections[0]?.pings === 1, "no PING came");
    const decidedAt = performance.now();
    for (; performance.now() < decidedAt + 600; ) await calls.stuck(50);
    expect(peer.seen()).toMatchObject({ connections: 1, goaways: 0 });
    for (; performance.now() < decidedAt + 1_300; ) await calls.stuck(50);
    await calls.answered();
    expect(peer.server.connections.map(({ pings }) => pings)).toEqual([1, 0]);
  });
});

describe("a connection that died silently while it was idle", () => {
  test("costs no call: another one is made beside it, once for all that wait", async () => {
    await using peer = await startPeer();
    // The answer to a PING would be waited for longer than the calls have.
    await using client = peer.client({ timeoutMs: 2_000, http2: { pingIntervalMs: 100, pingTimeoutMs: 60_000 } });
    const calls = new Calls(client);
    await calls.answered();
    peer.relay.die();
    await pause(150);
    await Promise.all(Array.from({ length: 20 }, () => calls.answered()));
    expect(new Set(calls.outcomes)).toEqual(new Set(["ok"]));
    expect(peer.relay.connections).toBe(2);
    expect(peer.server.requests).toHaveLength(21);
  });

  test("and tells a call that is over before that what it waited for, and that it sent nothing", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingIntervalMs: 50, pingTimeoutMs: 60_000 } });
    await client.listMyRefreshTokens({});
    peer.relay.die();
    await pause(100);
    const error = await client.listMyRefreshTokens({}, { timeoutMs: 10 }).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toContain("while checking the connection to 127.0.0.1");
    expect(getErrorInfo(error).attempts).toBe(0);
    expect(peer.server.requests).toHaveLength(1);
  });
});

describe("without PINGs", () => {
  test("a doubted connection is replaced at once, and ends when it was silent for pingTimeoutMs", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingIntervalMs: false, pingTimeoutMs: 150 }, retry: false });
    const calls = new Calls(client);
    await calls.answered();
    peer.relay.die();
    const long = calls.answered(5_000);
    await calls.answered(50);
    await calls.answered();
    await long;
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "Unavailable connection-lost"]);
    expect(peer.relay.connections).toBe(2);
    expect(peer.server.connections.map(({ pings }) => pings)).toEqual([0, 0]);
  });

  test("one that answers after it was replaced keeps its calls", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingIntervalMs: false, pingTimeoutMs: 150 }, retry: false });
    const calls = new Calls(client);
    await calls.answered();
    const late = [calls.held(), calls.held()];
    await calls.stuck(50);
    await calls.answered();
    expect(peer.seen()).toMatchObject({ connections: 2 });
    peer.holding.shift()?.ok();
    await late[0];
    await pause(300);
    peer.holding.shift()?.ok();
    await Promise.all(late);
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "ok", "ok"]);
  });

  test("one that began to answer after it was replaced may go on", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingIntervalMs: false, pingTimeoutMs: 300 }, retry: false });
    const calls = new Calls(client);
    await calls.answered();
    const late = calls.held();
    await calls.stuck(50);
    await calls.answered();
    const [one] = peer.holding as [RawH2Stream];
    one.head();
    await pause(600);
    one.data(okAnswer().body);
    one.trailers();
    await late;
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "ok"]);
  });
});

describe("the first sign of life counts", () => {
  /** A doubted connection whose PING is not answered, and a call that waits. */
  async function doubted(peer: Peer, client: Client) {
    const calls = new Calls(client);
    await calls.answered();
    const [first] = peer.server.connections as [RawH2Connection];
    const innocent = calls.held();
    await until(() => peer.holding.length === 1, "the request did not arrive");
    first.ackPing = false;
    await calls.stuck(60);
    await until(() => first.pings === 1, "no PING came");
    return { calls, first, innocent };
  }

  const answerPing = (connection: RawH2Connection) => connection.frame(6, 1, 0, Buffer.alloc(8));

  test("of the new connection: the old one takes no more requests, and those that it has are answered", async () => {
    await using peer = await startPeer();
    await using client = peer.client({});
    const { calls, first, innocent } = await doubted(peer, client);
    await calls.answered();
    expect(peer.server.connections.map(({ requests }) => requests)).toEqual([3, 1]);
    answerPing(first);
    await calls.answered();
    peer.holding.shift()?.ok();
    await innocent;
    expect(peer.server.connections.map(({ requests }) => requests)).toEqual([3, 2]);
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "ok", "ok"]);
    await until(() => first.socket.closed, "the old connection is open");
  });

  test("of the new connection: the old one ends at pingTimeoutMs if its PING is not answered", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingTimeoutMs: 200 }, retry: false });
    const { calls, first, innocent } = await doubted(peer, client);
    await calls.answered();
    await innocent;
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "Unavailable connection-lost"]);
    expect(peer.seen()).toMatchObject({ connections: 2 });
    await until(() => first.socket.closed, "the old connection is open");
  });

  test("of the old connection: the dial is given up", async () => {
    await using peer = await startPeer();
    await using client = peer.client({});
    const { calls, first, innocent } = await doubted(peer, client);
    // The next one never gets SETTINGS.
    peer.server.options.settings = false;
    const waits = calls.answered();
    await until(() => peer.server.connections.length === 2, "no other connection was tried");
    answerPing(first);
    await waits;
    peer.holding.shift()?.ok();
    await innocent;
    expect(peer.server.connections.map(({ requests }) => requests)).toEqual([4, 0]);
    expect(calls.outcomes).toEqual(["ok", "DeadlineExceeded", "ok", "ok"]);
    await until(() => peer.server.connections[1]?.socket.closed === true, "the dial goes on");
  });

  test("an answer as well as a PING's", async () => {
    await using peer = await startPeer();
    await using client = peer.client({});
    const { calls, innocent } = await doubted(peer, client);
    peer.server.options.settings = false;
    const waits = calls.answered();
    await until(() => peer.server.connections.length === 2, "no other connection was tried");
    peer.holding.shift()?.ok();
    await Promise.all([innocent, waits]);
    expect(peer.server.connections.map(({ requests }) => requests)).toEqual([4, 0]);
  });

  test("where the dial fails the old connection is waited for, and dialled once only", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ retry: false });
    const { calls, first, innocent } = await doubted(peer, client);
    peer.server.options.takeSocket = (socket) => socket.resetAndDestroy();
    const waits = [calls.answered()];
    await until(() => peer.server.connections.length === 2, "no other connection was tried");
    await pause(50);
    waits.push(calls.answered());
    await pause(50);
    answerPing(first);
    peer.holding.shift()?.ok();
    await Promise.all([innocent, ...waits]);
    expect(peer.server.connections.map(({ requests }) => requests)).toEqual([5, 0]);
    expect(calls.outcomes.filter((outcome) => outcome !== "ok")).toEqual(["DeadlineExceeded"]);
  });

  test("where both fail the calls are told why there is no other connection", async () => {
    await using peer = await startPeer();
    await using client = peer.client({ http2: { pingTimeoutMs: 200 }, retry: false });
    const { calls, innocent } = await doubted(peer, client);
    peer.relay.refuse();
    await calls.answered();
    await innocent;
    const [, , ...ends] = calls.outcomes;
    expect(ends.sort()).toEqual(["Unavailable connect-refused", "Unavailable connection-lost"]);
  });
});

test("each request that a GOAWAY for PINGs ended is a retry of its own", async () => {
  const held: RawH2Stream[] = [];
  await using server = await startRawH2({ onRequest: (one) => held.push(one) });
  await using client = clientFor("grpc", { baseUrl: server.url });
  const calls = Array.from({ length: 150 }, () => client.listMyRefreshTokens({}));
  const settled = Promise.allSettled(calls);
  await until(() => held.length === 150, "the requests did not arrive");
  server.options = {};
  server.connections[0]?.goaway(2 ** 31 - 1, 11, "too_many_pings");
  const worked = (await settled).filter(({ status }) => status === "fulfilled");
  // So many retries there are; a lost connection would cost one.
  expect(worked).toHaveLength(100);
});

interface Peer extends AsyncDisposable {
  readonly server: Awaited<ReturnType<typeof startRawH2>>;
  readonly relay: Relay;
  /** Requests that are answered when the test does it. */
  readonly holding: RawH2Stream[];
  client(options: Partial<ClientOptions>): Client;
  seen(): { connections: number; goaways: number; requests: number };
}

/** A server behind a path, which does as a request's `x-do` says. */
async function startPeer(roundTripMs = 0): Promise<Peer> {
  const holding: RawH2Stream[] = [];
  const strikes = new PingStrikes();
  const server = await startRawH2({
    onPing: (connection) => strikes.ping(connection),
    onRequest(one) {
      if (one.headers["x-do"] === "stick") return;
      if (one.headers["x-do"] === "hold") {
        holding.push(one);
        return;
      }
      strikes.answered(one.connection);
      one.ok();
    },
  });
  const relay = await startRelay(server.port, roundTripMs);
  return {
    server,
    relay,
    holding,
    client: (options) => clientFor("grpc", { baseUrl: relay.url, ...options }),
    seen: () => ({
      connections: relay.connections,
      goaways: strikes.goaways,
      requests: server.requests.length,
    }),
    async [Symbol.asyncDispose]() {
      await relay[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/**
 * How grpc-go counts PINGs by default (`handlePing` of its http2_server.go): one that comes within five minutes of the
 * last is a strike, the third strike ends the connection, and what it answers meanwhile wipes them out.
 */
class PingStrikes {
  goaways = 0;
  readonly #states = new Map<RawH2Connection, { lastAt: number; strikes: number; isForgiven: boolean }>();

  #state(connection: RawH2Connection) {
    const state = this.#states.get(connection) ?? { lastAt: -Infinity, strikes: 0, isForgiven: false };
    this.#states.set(connection, state);
    return state;
  }

  answered(connection: RawH2Connection): void {
    this.#state(connection).isForgiven = true;
  }

  ping(connection: RawH2Connection): void {
    const state = this.#state(connection);
    const now = performance.now();
    if (state.isForgiven) state.strikes = 0;
    else if (now < state.lastAt + 300_000) state.strikes += 1;
    state.isForgiven = false;
    state.lastAt = now;
    if (state.strikes <= 2) return;
    this.goaways += 1;
    connection.goaway(2 ** 31 - 1, 11, "too_many_pings");
    connection.end();
  }
}

/** Calls of one client, and what became of each, in the order in which they ended. */
class Calls {
  readonly outcomes: string[] = [];
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  answered(timeoutMs?: number): Promise<void> {
    return this.#call("answer", timeoutMs);
  }

  stuck(timeoutMs: number): Promise<void> {
    return this.#call("stick", timeoutMs);
  }

  /** One that the test answers. */
  held(): Promise<void> {
    return this.#call("hold", 10_000);
  }

  /** So many loops of calls that are answered, until `end`. */
  loop(count: number, timeoutMs?: number) {
    let isOver = false;
    const run = async () => {
      while (!isOver) {
        await this.answered(timeoutMs);
        await pause(5);
      }
    };
    const all = Array.from({ length: count }, run);
    return {
      async end() {
        isOver = true;
        await Promise.all(all);
      },
    };
  }

  async #call(what: string, timeoutMs?: number): Promise<void> {
    const options = { headers: { "x-do": what }, ...(timeoutMs !== undefined && { timeoutMs }) };
    await this.#client.listMyRefreshTokens({}, options).then(
      () => this.outcomes.push("ok"),
      (error) => this.outcomes.push([Code[error.code], getErrorInfo(error).reason].filter(Boolean).join(" ")),
    );
  }
}
