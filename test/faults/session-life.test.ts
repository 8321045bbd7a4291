import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { until } from "./fault-row.js";
import { listOutcome } from "./fault-table.js";
import { listInChild } from "./list-in-child.js";
import { clientFor, everyRoute, overHttp2, startRaw } from "./routes.js";

// What becomes of a connection when nothing is wrong with it. One route stands for all that go over HTTP/2.

describe("the life of an HTTP/2 session", () => {
  test("calls at the same time share one connection, from the first on", async () => {
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url });
    await Promise.all(Array.from({ length: 50 }, () => client.listMyRefreshTokens({})));
    expect(server.connections).toHaveLength(1);
    expect(server.requests).toHaveLength(50);
  });

  test("no connection is made before the first call", async () => {
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url });
    await pause(20);
    expect(server.connections).toHaveLength(0);
    await listOutcome(client, { code: "ok" });
  });

  test("a connection that was silent for a while is checked with a PING before it is used", async () => {
    const pingsBefore: number[] = [];
    await using server = await startRawH2({
      onRequest(one) {
        pingsBefore.push(one.connection.pings);
        one.ok();
      },
    });
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { pingIntervalMs: 400 } });
    await listOutcome(client, { code: "ok" });
    await listOutcome(client, { code: "ok" });
    await pause(800);
    await listOutcome(client, { code: "ok" });
    expect(pingsBefore).toEqual([0, 0, 1]);
    expect(server.connections).toHaveLength(1);
  });

  test("an idle connection is left in peace", async () => {
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { pingIntervalMs: 20 } });
    await listOutcome(client, { code: "ok" });
    await pause(120);
    expect(server.connections[0]?.pings).toBe(0);
  });

  test("a long call is kept alive by PINGs", async () => {
    await using server = await startRawH2({ onRequest: (one) => setTimeout(() => one.ok(), 500) });
    const http2 = { pingIntervalMs: 30, pingTimeoutMs: 1000 };
    await using client = clientFor("grpc", { baseUrl: server.url, http2 });
    await listOutcome(client, { code: "ok" });
    expect(server.connections[0]?.pings).toBeGreaterThanOrEqual(2);
    expect(server.connections).toHaveLength(1);
  });

  test("without PINGs there are none", async () => {
    await using server = await startRawH2({ onRequest: (one) => setTimeout(() => one.ok(), 60) });
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { pingIntervalMs: false } });
    await listOutcome(client, { code: "ok" });
    await listOutcome(client, { code: "ok" });
    expect(server.connections[0]?.pings).toBe(0);
  });

  test("after a deadline without a byte, a connection that answers a PING is kept", async () => {
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url });
    await listOutcome(client, { code: "ok" });
    server.options = { onRequest: () => {} };
    await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 1 }, { timeoutMs: 150 });
    server.options = {};
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(1);
    expect(server.connections[0]?.pings).toBeGreaterThanOrEqual(1);
    await until(() => server.connections[0]?.resets.get(3) === 8, "the call was not cancelled on the wire");
  });

  test("after a deadline without a byte, a connection that does not answer a PING is replaced", async () => {
    await using server = await startRawH2({ ackPing: false });
    await using client = clientFor("grpc", { baseUrl: server.url });
    await listOutcome(client, { code: "ok" });
    server.options = { onRequest: () => {} };
    await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 1 }, { timeoutMs: 150 });
    server.options = {};
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(2);
    await until(() => server.connections[0]?.socket.destroyed === true, "the dead connection was kept open");
  });

  test("an idle connection is closed, and the next call makes another", async () => {
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { idleTimeoutMs: 50 } });
    await listOutcome(client, { code: "ok" });
    expect(server.connections[0]?.socket.closed).toBe(false);
    await until(() => server.connections[0]?.socket.closed === true, "the idle connection was not closed");
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(2);
  });

  test("a connection with a call on it is not idle", async () => {
    await using server = await startRawH2({ onRequest: (one) => setTimeout(() => one.ok(), 150) });
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { idleTimeoutMs: 30 } });
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(1);
  });

  test("after GOAWAY a call under way ends in peace, and new ones go elsewhere", async () => {
    const streams: RawH2Stream[] = [];
    await using server = await startRawH2({
      onRequest(one) {
        streams.push(one);
        if (one.number === 1) one.connection.goaway(one.id, 0);
        else one.ok();
      },
    });
    await using client = clientFor("grpc", { baseUrl: server.url });
    const slow = client.listMyRefreshTokens({});
    await until(() => streams.length === 1, "the first call did not arrive");
    await pause(20);
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(2);
    streams[0]?.ok();
    await slow;
    await until(() => server.connections[0]?.socket.closed === true, "the connection was kept after GOAWAY");
  });

  test("a server that complains of too many PINGs gets half as many", async () => {
    const pingsBefore: number[] = [];
    await using server = await startRawH2({
      onRequest(one) {
        pingsBefore.push(one.connection.pings);
        one.ok();
      },
    });
    await using client = clientFor("grpc", { baseUrl: server.url, http2: { pingIntervalMs: 300 } });
    await listOutcome(client, { code: "ok" });
    server.connections[0]?.goaway(1, 11, "too_many_pings");
    await until(() => server.connections[0]?.socket.closed === true, "the connection was kept after GOAWAY");
    await listOutcome(client, { code: "ok" });
    await pause(750);
    await listOutcome(client, { code: "ok" });
    await pause(330);
    await listOutcome(client, { code: "ok" });
    expect(pingsBefore).toEqual([0, 0, 1, 1]);
    expect(server.connections).toHaveLength(2);
  });

  test("close() closes the connection", async () => {
    await using server = await startRawH2();
    const client = clientFor("grpc", { baseUrl: server.url });
    await listOutcome(client, { code: "ok" });
    client.close();
    await until(() => server.connections[0]?.socket.closed === true, "the connection is still open");
  });
});

test("a process ends by itself after its last call, over every route", async () => {
  // It closes nothing, and the server keeps its end open.
  for (const route of everyRoute) {
    await using server = await startRaw(route, {});
    expect(await listInChild({ baseUrl: server.url, routes: [route] })).toEqual([{ route }]);
  }
});

test("a process does not end while a call waits for a PING", async () => {
  for (const route of overHttp2) {
    await using server = await startRaw(route, {});
    const options = { timeoutMs: false as const, http2: { pingIntervalMs: 20 } };
    const outcomes = await listInChild({ baseUrl: server.url, routes: [route], againAfterMs: 60, options });
    expect(outcomes).toEqual([{ route }]);
    expect(server.requests).toHaveLength(2);
  }
});

test("a process ends by itself after a call that failed, over every route", async () => {
  const server = await startRawH2();
  const { url } = server;
  await server.close();
  const outcomes = await listInChild({ baseUrl: url, routes: everyRoute });
  const refused = { code: Code.Unavailable, reason: "connect-refused", attempts: 4, places: [] };
  expect(outcomes).toEqual(everyRoute.map(() => expect.objectContaining(refused)));
});
