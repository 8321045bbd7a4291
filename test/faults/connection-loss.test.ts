import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { h2Program, http1Program } from "../helpers/h2-program.js";
import { envelope, frameBytes, frameType, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { type FaultRow, firstOnly, listOutcome, testFaultRows } from "./fault-table.js";
import {
  clientFor,
  everyClient,
  everyRoute,
  overFetch,
  overHttp1,
  overHttp2,
  type RawExchange,
  startRaw,
  versionOf,
} from "./routes.js";

const half = Buffer.from([0, 0, 0, 0, 20, 1, 2, 3]);
const deadline = { code: Code.DeadlineExceeded, attempts: 1 };
const whole = envelope(new Uint8Array());

// The method is a read, so it is repeated also where the server has begun to answer. gRFC A6 calls a call
// committed then, which is for calls that may have been applied.
const lost: Loss[] = [
  { name: "FIN before the head", on: everyClient, fault: (one) => one.connection.end() },
  { name: "RST before the head", on: everyClient, fault: (one) => one.connection.socket.resetAndDestroy() },
  { name: "half a HEADERS frame, then RST", on: overHttp2, fault: (one) => halfHeaders(one as RawH2Stream) },
  {
    name: "the head, then RST",
    on: everyClient,
    fault: (one) => {
      one.head();
      one.connection.reset();
    },
  },
  {
    name: "half a message, then RST",
    on: everyClient,
    fault: (one) => {
      one.head();
      one.data(half);
      one.connection.reset();
    },
  },
  {
    name: "half a message, then FIN",
    on: everyClient,
    fault: (one) => {
      one.head();
      one.data(half);
      one.connection.end();
    },
  },
  {
    name: "a whole message, RST before the trailers",
    on: ["grpc"],
    fault: (one) => {
      one.head();
      one.data(whole);
      one.connection.reset();
    },
  },
  {
    name: "a whole message, FIN before the trailers",
    on: ["grpc"],
    fault: (one) => {
      one.head();
      one.data(whole);
      one.connection.end();
    },
  },
  {
    name: "a body shorter than its content-length, then FIN",
    on: [...overHttp1, ...overFetch],
    fault: (one) => {
      one.respond(200, { ...typeOf(one), "content-length": 99 }, half);
      one.connection.end();
    },
  },
  {
    name: "a chunk cut off",
    on: [...overHttp1, ...overFetch],
    fault: (one) => {
      one.head();
      one.connection.raw(Buffer.from("20\r\n\0\0\0"));
      one.connection.end();
    },
  },
];

interface Loss extends Pick<FaultRow, "name" | "on"> {
  fault: (exchange: RawExchange) => unknown;
}

describe("connection loss", () => {
  testFaultRows(
    lost.flatMap(({ name, on, fault }): FaultRow[] => [
      {
        name: `${name}, always`,
        on,
        server: { onRequest: fault },
        expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
        requests: 4,
        connections: 4,
      },
      {
        name: `${name}, once`,
        on,
        server: { onRequest: firstOnly(fault) },
        expected: { code: "ok" },
        requests: 2,
        connections: 2,
        heals: false,
      },
      {
        name: `${name}, without retry`,
        on,
        server: { onRequest: fault },
        options: { retry: false },
        expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 1 },
        requests: 1,
      },
    ]),
  );

  // The connection is fine in these; it is the answer that ends too early.
  testFaultRows([
    {
      name: "half a message, then END_STREAM",
      on: ["grpc"],
      server: {
        onRequest: (one) => {
          one.head();
          (one as RawH2Stream).data(half, { endStream: true });
        },
      },
      expected: { code: Code.Internal, reason: "truncated", httpStatus: 200, attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "half a message, then trailers with status 0",
      on: ["grpc"],
      server: {
        onRequest: (one) => {
          one.head();
          one.data(half);
          (one as RawH2Stream).trailers();
        },
      },
      expected: { code: Code.Internal, reason: "truncated", httpStatus: 200, attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "3 bytes of a prefix, then trailers with status 0",
      on: ["grpc"],
      server: {
        onRequest: (one) => {
          one.head();
          one.data(half.subarray(0, 3));
          (one as RawH2Stream).trailers();
        },
      },
      expected: { code: Code.Internal, reason: "truncated", httpStatus: 200, attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "a whole message, then END_STREAM",
      on: ["grpc"],
      server: {
        onRequest: (one) => {
          one.head();
          (one as RawH2Stream).data(whole, { endStream: true });
        },
      },
      expected: { code: Code.Internal, reason: "missing-trailers", httpStatus: 200, attempts: 1, message: /proxy/ },
      requests: 1,
      connections: 1,
    },
  ]);

  for (const route of everyClient) {
    for (const [how, close] of [
      ["FIN", (one: RawExchange) => one.connection.end()],
      ["RST", (one: RawExchange) => one.connection.socket.resetAndDestroy()],
    ] as const) {
      test(`the server closed the idle session by ${how}, ${route}`, async () => {
        const seen: RawExchange[] = [];
        const onRequest = (one: RawExchange) => {
          seen.push(one);
          one.ok();
        };
        await using server = await startRaw(route, { onRequest });
        await using client = clientFor(route, { baseUrl: server.url });
        await listOutcome(client, { code: "ok" });
        close(seen[0] as RawExchange);
        await pause(20);
        await listOutcome(client, { code: "ok" });
        expect(server.connections).toHaveLength(2);
        expect(server.requests).toHaveLength(2);
      });

      test(`${how} races with the second call, ${route}`, async () => {
        const onRequest = (one: RawExchange) => (one.number === 2 ? close(one) : one.ok());
        await using server = await startRaw(route, { onRequest });
        await using client = clientFor(route, { baseUrl: server.url });
        await listOutcome(client, { code: "ok" });
        await listOutcome(client, { code: "ok" });
        expect(server.connections).toHaveLength(2);
        expect(server.requests).toHaveLength(3);
      });

      test(`${how} races with the second call, whose server may have acted on it, ${route}`, async () => {
        const onRequest = (one: RawExchange) => (one.number === 2 ? close(one) : one.ok());
        await using server = await startRaw(route, { onRequest });
        await using client = clientFor(route, { baseUrl: server.url, retry: false });
        await listOutcome(client, { code: "ok" });
        await listOutcome(client, { code: Code.Unavailable, reason: "connection-lost", attempts: 1 });
        expect(server.requests).toHaveLength(2);
      });
    }
  }

  for (const route of everyRoute) {
    test(`the path goes silent, ${route}`, async () => {
      await using server = await startRaw(route, {});
      await using client = clientFor(route, { baseUrl: server.url });
      await listOutcome(client, { code: "ok" });
      blackHole(server.connections[0]?.socket);
      await listOutcome(client, deadline, { timeoutMs: 150 });
      await listOutcome(client, { code: "ok" });
      expect(server.connections).toHaveLength(2);
    });

    test(`the server is suspended, ${route}`, async () => {
      const program = versionOf(route) === 2 ? h2Program : http1Program;
      const child = spawn(process.execPath, ["-e", program()], { stdio: ["ignore", "pipe", "inherit"] });
      try {
        const [port] = await once(child.stdout, "data");
        await using client = clientFor(route, { baseUrl: `http://127.0.0.1:${port}` });
        await listOutcome(client, { code: "ok" });
        child.kill("SIGSTOP");
        await listOutcome(client, deadline, { timeoutMs: 200 });
        child.kill("SIGCONT");
        await listOutcome(client, { code: "ok" });
      } finally {
        child.kill("SIGKILL");
      }
    });
  }

  for (const route of overHttp2) {
    test(`the path goes silent, which a PING finds out during the call, ${route}`, async () => {
      await using server = await startRawH2();
      const http2 = { pingIntervalMs: 250, pingTimeoutMs: 40 };
      await using client = clientFor(route, { baseUrl: server.url, http2 });
      await listOutcome(client, { code: "ok" });
      blackHole(server.connections[0]?.socket);
      // The attempt is Unavailable; the next one goes over a new connection.
      await listOutcome(client, { code: "ok" });
      expect(server.connections).toHaveLength(2);
    });

    test(`the same without retry, ${route}`, async () => {
      await using server = await startRawH2();
      const http2 = { pingIntervalMs: 250, pingTimeoutMs: 40 };
      await using client = clientFor(route, { baseUrl: server.url, http2, retry: false });
      await listOutcome(client, { code: "ok" });
      blackHole(server.connections[0]?.socket);
      await listOutcome(client, { code: Code.Unavailable, reason: "connection-lost", message: /PING/i });
      await listOutcome(client, { code: "ok" });
      expect(server.connections).toHaveLength(2);
    });

    test(`a dead peer after idling, ${route}`, async () => {
      await using server = await startRawH2();
      const http2 = { pingIntervalMs: 40, pingTimeoutMs: 40 };
      await using client = clientFor(route, { baseUrl: server.url, http2, retry: false });
      await listOutcome(client, { code: "ok" });
      blackHole(server.connections[0]?.socket);
      await pause(60);
      await listOutcome(client, { code: "ok" });
      expect(server.connections.map(({ requests }) => requests)).toEqual([1, 1]);
    });
  }
});

// Nothing comes back any more, not even the end of the connection.
function blackHole(socket: Socket | undefined): void {
  if (!socket) throw new Error("there is no connection");
  socket.removeAllListeners("data");
  socket.resume();
}

function halfHeaders({ connection, id }: RawH2Stream): void {
  connection.raw(frameBytes(frameType.headers, 4, id, Buffer.alloc(40)).subarray(0, 20));
  connection.reset();
}

function typeOf(one: RawExchange): { "content-type": string } {
  return { "content-type": one.headers["content-type"] ?? "" };
}
