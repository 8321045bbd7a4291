import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { DoubtRation } from "../../../src/http/node/connection.js";
import { type AuthClient, createAuthClient, createAuthTransport, getErrorInfo } from "../../../src/node.js";
import { until } from "../../faults/fault-row.js";
import { PlainService } from "../../gen/plain_pb.js";
import { ca, certificate } from "../../helpers/certificate.js";
import { frameType, okAnswer, type RawH2Connection, startRawH2 } from "../../helpers/raw-h2.js";
import { pause, simulateTime } from "../../helpers/simulated-time.js";

simulateTime();

const token = "token-of-nobody";

test("a connection is idle from its last call on, not from its first", async () => {
  await using server = await startRawH2();
  await using auth = createAuthClient({ baseUrl: server.url, token, http2: { idleTimeoutMs: 1_000 } });
  for (let call = 0; call < 8; call++) {
    await auth.listMyRefreshTokens({});
    await pause(200);
  }
  expect(server.connections).toHaveLength(1);
});

test("a connection is not idle while a call waits for its answer", async () => {
  const held: (() => void)[] = [];
  await using server = await startRawH2({ onRequest: (one) => held.push(() => one.ok()) });
  await using auth = createAuthClient({ baseUrl: server.url, token, http2: { idleTimeoutMs: 1_000 } });
  const calls = [auth.listMyRefreshTokens({})];
  await pause(1_500);
  calls.push(auth.listMyRefreshTokens({}));
  await until(() => held.length === 2, "the second request did not arrive");
  for (const answer of held) answer();
  await Promise.all(calls);
  expect(server.connections).toHaveLength(1);
});

test("a stream may hold 1 MiB that was not read yet, and a connection 8 MiB", async () => {
  await using server = await startRawH2();
  await using auth = createAuthClient({ baseUrl: server.url, token });
  await auth.listMyRefreshTokens({});
  const [connection] = server.connections;
  const initialWindowSize = 4;
  expect(connection?.clientSettings.get(initialWindowSize)).toBe(1024 * 1024);
  await until(() => connection?.windows.get(0) === 8 * 1024 * 1024, "the connection's window is another one");
});

describe("doubts are rationed", () => {
  let now = 1_000_000;
  const ration = () => {
    jest.spyOn(performance, "now").mockImplementation(() => now);
    return new DoubtRation();
  };
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** How long after a decision the next doubt is allowed, in whole milliseconds. */
  const calmMs = (of: DoubtRation) => {
    expect(of.isOpen).toBe(true);
    of.decided();
    const from = now;
    while (!of.isOpen) now += 1;
    return now - from;
  };

  test("to one in 1, 2, 4 … 30 seconds while nothing is answered", () => {
    const of = ration();
    expect(Array.from({ length: 7 }, () => calmMs(of))).toEqual([1, 2, 4, 8, 16, 30, 30].map((s) => s * 1_000));
  });

  test("and to one a second after an answer", () => {
    const of = ration();
    expect([calmMs(of), calmMs(of)]).toEqual([1_000, 2_000]);
    of.answered();
    expect([calmMs(of), calmMs(of)]).toEqual([1_000, 2_000]);
  });
});

describe("a machine that slept", () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  test("checks its connection, although only the clock on the wall went on", async () => {
    await using server = await startRawH2();
    await using auth = createAuthClient({ baseUrl: server.url, token });
    await auth.listMyRefreshTokens({});
    const { now } = Date;
    jest.spyOn(Date, "now").mockImplementation(() => now() + 60_000);
    await auth.listMyRefreshTokens({});
    expect(server.connections.map(({ pings, requests }) => ({ pings, requests }))).toEqual([{ pings: 1, requests: 2 }]);
  });
});

test("a connection that was doubted once is not doubted for ever", async () => {
  await using server = await startRawH2();
  await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
  await auth.listMyRefreshTokens({});
  server.options = { onRequest: () => {} };
  await auth.listMyRefreshTokens({}, { timeoutMs: 100 }).catch(() => {});
  const [connection] = server.connections as [RawH2Connection];
  await until(() => connection.pings === 1, "no PING came");
  server.options = {};
  await auth.listMyRefreshTokens({});
  // From here on a PING would be waited for in vain.
  connection.ackPing = false;
  for (let call = 0; call < 3; call++) await auth.listMyRefreshTokens({});
  expect(connection.pings).toBe(1);
  expect(server.connections).toHaveLength(1);
});

test("after an answer a connection may be doubted again within a second", async () => {
  const { now } = performance;
  let skippedMs = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now.call(performance) + skippedMs);
  try {
    await using server = await startRawH2();
    await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
    await auth.listMyRefreshTokens({});
    const [connection] = server.connections as [RawH2Connection];
    for (let doubts = 1; doubts <= 4; doubts++) {
      server.options = { onRequest: () => {} };
      await auth.listMyRefreshTokens({}, { timeoutMs: 60 }).catch(() => {});
      await until(() => connection.pings === doubts, "no PING came");
      server.options = {};
      await auth.listMyRefreshTokens({});
      skippedMs += 1_000;
    }
    expect(server.connections).toHaveLength(1);
  } finally {
    jest.restoreAllMocks();
  }
});

describe("a connection that was never made", () => {
  for (const [how, fail] of [
    ["cut at once", (socket: Socket) => socket.resetAndDestroy()],
    ["closed before HTTP/2 begins", (socket: Socket) => socket.end()],
  ] as const) {
    test(`since it was ${how}, took no request: also what is not safe to repeat is sent again`, async () => {
      await using server = await startRawH2();
      let refused = 0;
      server.options.takeSocket = (socket) => {
        refused += 1;
        // The next one is taken as usual.
        server.options = {};
        fail(socket);
      };
      const transport = createAuthTransport({ baseUrl: server.url, token, retry: { initialBackoffMs: 1 } });
      try {
        await createClient(PlainService, transport).getThing({ id: "1" });
      } finally {
        transport.close();
      }
      expect(refused).toBe(1);
      expect(server.requests).toHaveLength(1);
    });
  }

  test("but one that was lost took it, so that what is not safe to repeat is not", async () => {
    await using server = await startRawH2({ onRequest: (one) => one.connection.socket.resetAndDestroy() });
    const transport = createAuthTransport({ baseUrl: server.url, token, retry: { initialBackoffMs: 1 } });
    try {
      await expect(createClient(PlainService, transport).getThing({ id: "1" })).rejects.toThrow(/was lost/);
    } finally {
      transport.close();
    }
    expect(server.requests).toHaveLength(1);
  });
});

describe("a connection that dies after the server took a request", () => {
  for (const code of ["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]) {
    test(`of ${code}, is lost, so that the request may have been applied`, async () => {
      let socket: Socket;
      const died = Object.assign(new Error(`read ${code}`), { code, syscall: "read" });
      await using server = await startRawH2({
        onRequest: (one) => (one.number === 2 ? one.status(5, "gone (COMMAND-BHt2w)") : socket.destroy(died)),
      });
      const createConnection = () => {
        socket = connect(server.port, "127.0.0.1");
        return socket;
      };
      await using auth = createAuthClient({ baseUrl: server.url, token, http2: { createConnection } });
      const gone: unknown = await auth.revokeMyRefreshToken({ id: "1" }).catch((thrown: unknown) => thrown);
      expect(getErrorInfo(gone)).toMatchObject({ id: "COMMAND-BHt2w", attempts: 2, maybeApplied: true });
      expect(server.requests).toHaveLength(2);
      await using auth2 = createAuthClient({ baseUrl: server.url, token, http2: { createConnection }, retry: false });
      server.options.onRequest = () => socket.destroy(died);
      const error = await auth2.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
      expect(getErrorInfo(error)).toMatchObject({ reason: "connection-lost", attempts: 1 });
      expect((error as Error).cause).toMatchObject({ message: died.message, code });
    });
  }

  test("of what is no TLS, is lost, and another one is made", async () => {
    let socket: Socket | undefined;
    await using server = await startRawH2({
      tls: certificate("server"),
      onRequest: (one) => (one.number === 1 ? socket?.write("HTTP/1.1 408 Request Timeout\r\n\r\n") : one.ok()),
    });
    await using between = createServer((accepted) => {
      socket = accepted;
      const onward = connect(server.port, "127.0.0.1");
      accepted.pipe(onward).pipe(accepted);
      for (const end of [accepted, onward]) end.on("error", () => {});
    });
    between.listen(0, "127.0.0.1");
    await once(between, "listening");
    const baseUrl = `https://127.0.0.1:${(between.address() as AddressInfo).port}`;
    await using auth = createAuthClient({ baseUrl, token, http2: { tls: { ca } } });
    await auth.listMyRefreshTokens({});
    expect(server.connections).toHaveLength(2);
  });
});

test("a connection outlives a thousand empty DATA frames", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      one.head();
      one.data(okAnswer().body);
      for (let frames = 0; frames < 700; frames++) one.data(new Uint8Array());
      one.trailers();
    },
  });
  await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
  for (let calls = 0; calls < 3; calls++) await auth.listMyRefreshTokens({});
  expect(server.connections).toHaveLength(1);
});

for (const refusal of [
  Object.assign(new Error("unsupported certificate purpose"), { code: "INVALID_PURPOSE" }),
  new Error("not the key that is pinned"),
]) {
  test(`a certificate that is refused, since ${refusal.message}, is told so at once`, async () => {
    await using server = await startRawH2({ tls: certificate("server") });
    // Node tells its own refusals in the same way.
    const createConnection = () => connectTls({ port: server.port, ca, checkServerIdentity: () => refusal });
    const baseUrl = `https://127.0.0.1:${server.port}`;
    await using auth = createAuthClient({ baseUrl, token, http2: { createConnection } });
    const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
    expect(getErrorInfo(error)).toMatchObject({ reason: "tls", attempts: 1 });
    const { code, message } = refusal as NodeJS.ErrnoException;
    expect((error as Error).message).toMatch(new RegExp(`the certificate of .* is refused \\(${code ?? message}\\)`));
  });
}

test("a process does not end while a call waits for a PING and another one is answered", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      if (one.number !== 2) return one.ok();
      one.connection.ackPing = false;
      setTimeout(() => one.ok(), 250);
      setTimeout(() => one.connection.frame(frameType.ping, 1, 0, Buffer.alloc(8)), 500);
    },
  });
  const program = `
    const { createAuthClient } = await import(process.argv[1]);
    const http2 = { pingIntervalMs: 50 };
    const auth = createAuthClient({ baseUrl: process.argv[2], token: "token-of-nobody", timeoutMs: false, http2 });
    await auth.listMyRefreshTokens({});
    void auth.listMyRefreshTokens({});
    setTimeout(() => auth.listMyRefreshTokens({}).then(() => console.log("answered")), 100);
  `;
  const entry = new URL("../../../src/node.js", import.meta.url).href;
  const child = promisify(execFile)(process.execPath, ["--input-type=module", "-e", program, entry, server.url]);
  expect((await child).stdout).toBe("answered\n");
  expect(server.requests).toHaveLength(3);
});

test("a head in more frames than Node takes is told so, and costs two connections", async () => {
  await using server = await startRawH2({
    onRequest: (one) =>
      one.head(Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`x-${at}`, "v".repeat(10_000)]))),
  });
  await using auth = createAuthClient({ baseUrl: server.url, token });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect((error as Error).message).toContain("sent more header fields than Node takes");
  expect(getErrorInfo(error)).toMatchObject({ reason: "bad-http", attempts: 2 });
  expect(server.connections).toHaveLength(2);
});

describe("the words of a GOAWAY, which every call on the connection shows,", () => {
  const words = async (debug: string) => {
    await using server = await startRawH2({ onRequest: (one) => one.connection.goaway(one.id, 2, debug) });
    await using auth = createAuthClient({ baseUrl: server.url, token, retry: false });
    const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown as Error);
    return /\(GOAWAY 2(.*)\)$/.exec(String((error as Error).message))?.[1];
  };

  for (const known of ["too_many_pings", "max_age", "graceful_stop", "load_shed"]) {
    test(`are shown where servers are known to say them: ${known}`, async () => {
      expect(await words(known)).toBe(`, "${known}"`);
    });
  }

  // Who says more may say it of one call, or one user, alone.
  for (const unknown of ["bad token eyJhbGciOi of user 7", "too_many_pings\n", "max_age of eyJhbGciOi", "Wartung"]) {
    test(`are left out otherwise: ${JSON.stringify(unknown)}`, async () => {
      expect(await words(unknown)).toBe("");
    });
  }
});

test("a call that ends while it waits for its second connection made one request", async () => {
  await using server = await startRawH2({
    onRequest(one) {
      server.options = { settings: false };
      one.connection.socket.destroy();
    },
  });
  const options = { timeoutMs: 300, retry: { initialBackoffMs: 1 } };
  await using auth = createAuthClient({ baseUrl: server.url, token, ...options });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect(server.connections).toHaveLength(2);
  expect(server.requests).toHaveLength(1);
  expect(getErrorInfo(error).attempts).toBe(1);
  expect((error as Error).message).toMatch(/passed while connecting to .*; the last attempt failed: .* was lost/);
});

/** A server that never says a word on its first connections. */
function startStalled(stalled: number) {
  return startRawH2({
    settings: false,
    onConnection(connection) {
      const { server } = connection;
      if (server.connections.length <= stalled) return;
      server.options = {};
      connection.settings([]);
    },
  });
}

const works = (client: AuthClient) =>
  client.listMyRefreshTokens({}).then(
    () => true,
    () => false,
  );

for (const stalled of [1, 2, 3]) {
  test(`after ${stalled} connections that stalled, the next is used`, async () => {
    await using server = await startStalled(stalled);
    await using client = createAuthClient({ baseUrl: server.url, timeoutMs: 150, retry: false });
    let answered = false;
    // All of them together take less time than one connection may.
    for (let call = 0; call < 10 && !answered; call++) answered = await works(client);
    expect(answered).toBe(true);
  });
}

test("a connection that began after a call did is not given up for that call", async () => {
  await using server = await startStalled(9);
  await using client = createAuthClient({ baseUrl: server.url, timeoutMs: 300, retry: false });
  const calls: Promise<boolean>[] = [];
  for (let call = 0; call < 40; call++) {
    calls.push(works(client));
    await pause(15);
  }
  expect(await Promise.all(calls)).not.toContain(true);
  // One at the start, and one for each time that a call waited from its start to its end.
  expect(server.connections.length).toBeLessThan(10);
});
