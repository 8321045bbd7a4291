import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { createAuthClient, createAuthTransport } from "../../../src/node.js";
import { until } from "../../faults/fault-row.js";
import { PlainService } from "../../gen/plain_pb.js";
import { type RawH2Connection, startRawH2 } from "../../helpers/raw-h2.js";

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

test("a stream may hold 1 MiB that was not read yet, and a connection 8 MiB", async () => {
  await using server = await startRawH2();
  await using auth = createAuthClient({ baseUrl: server.url, token });
  await auth.listMyRefreshTokens({});
  const [connection] = server.connections;
  const initialWindowSize = 4;
  expect(connection?.clientSettings.get(initialWindowSize)).toBe(1024 * 1024);
  await until(() => connection?.windows.get(0) === 8 * 1024 * 1024, "the connection's window is another one");
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
