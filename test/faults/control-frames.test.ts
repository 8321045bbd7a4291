import { describe, expect, test } from "@jest/globals";
import { noteOf } from "../../src/failure.js";
import { Code } from "../../src/node.js";
import { encodeHeaders } from "../helpers/hpack.js";
import { envelope, frameType, okAnswer, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { canaryToken } from "./canary.js";
import { collectStray, turns, until } from "./fault-row.js";
import { firstOnly, listOutcome, testFaultRows } from "./fault-table.js";
import { clientFor, overHttp2, type RawExchange } from "./routes.js";

const settings = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const;
const rst = {
  noError: 0,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
};
const goaway = { noError: 0, internalError: 2, enhanceYourCalm: 11 };

describe("HTTP/2 control frames", () => {
  testFaultRows([
    {
      // gRPC's table says Internal; but nothing was answered, and proxies that shut down do this.
      name: "RST_STREAM NO_ERROR before the head",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.noError)) },
      expected: { code: Code.Unavailable, attempts: 4 },
      requests: 4,
      connections: 1,
    },
    {
      // Node does not tell this from END_STREAM, so it is an empty answer, which for gRPC is Unknown.
      name: "RST_STREAM NO_ERROR after the head",
      on: overHttp2,
      server: {
        onRequest: h2((one) => {
          one.head();
          one.rst(rst.noError);
        }),
      },
      expected: (route) => ({
        code: route === "rest over http2" ? Code.Internal : Code.Unknown,
        reason: "empty-response",
        attempts: 1,
      }),
      requests: 1,
      connections: 1,
    },
    {
      name: "RST_STREAM NO_ERROR after the message",
      on: ["grpc"],
      server: {
        onRequest: h2((one) => {
          one.head();
          one.data(envelope(new Uint8Array()));
          one.rst(rst.noError);
        }),
      },
      expected: { code: Code.Internal, reason: "missing-trailers", attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "RST_STREAM NO_ERROR within the message",
      on: overHttp2,
      server: {
        onRequest: h2((one) => {
          one.head();
          one.data(okAnswer(one.headers["content-type"]).body.subarray(0, 1));
          one.rst(rst.noError);
        }),
      },
      expected: { code: Code.Internal, attempts: 1 },
      requests: 1,
      connections: 1,
    },
    ...(
      [
        [1, "protocol-error"],
        [2, "internal-error"],
        [3, "flow-control-error"],
        [6, "frame-size-error"],
        [9, "compression-error"],
        [10, "connect-error"],
      ] as const
    ).map(([code, name]) => ({
      name: `RST_STREAM ${name}`,
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(code)) },
      expected: { code: Code.Internal, reason: `rst-${name}`, attempts: 1 },
      requests: 1,
      connections: 1,
    })),
    {
      name: "RST_STREAM REFUSED_STREAM, once",
      on: overHttp2,
      server: { onRequest: firstOnly(h2((one) => one.rst(rst.refusedStream))) },
      options: { retry: false },
      expected: { code: "ok" },
      requests: 2,
      connections: 1,
    },
    {
      // One transparent attempt on top of the four of the policy (gRFC A6).
      name: "RST_STREAM REFUSED_STREAM, always",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.refusedStream)) },
      expected: { code: Code.Unavailable, reason: "rst-refused-stream" },
      requests: 5,
      connections: 1,
    },
    {
      name: "RST_STREAM CANCEL on a connection that lives",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.cancel)) },
      expected: { code: Code.Canceled, fromServer: true, attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "RST_STREAM ENHANCE_YOUR_CALM",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.enhanceYourCalm)) },
      expected: { code: Code.ResourceExhausted, reason: "rst-enhance-your-calm", attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "RST_STREAM INADEQUATE_SECURITY",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.inadequateSecurity)) },
      expected: { code: Code.PermissionDenied, reason: "rst-inadequate-security", attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "RST_STREAM HTTP_1_1_REQUIRED",
      on: overHttp2,
      server: { onRequest: h2((one) => one.rst(rst.http11Required)) },
      expected: { code: Code.Unavailable, reason: "not-h2", attempts: 1 },
      requests: 1,
      connections: 1,
    },
    {
      name: "GOAWAY that leaves out the open stream, once",
      on: overHttp2,
      server: { onRequest: firstOnly(h2((one) => one.connection.goaway(0, goaway.noError))) },
      options: { retry: false },
      expected: { code: "ok" },
      requests: 2,
      connections: 2,
    },
    {
      name: "GOAWAY that leaves out the open stream, always",
      on: overHttp2,
      server: { onRequest: h2((one) => one.connection.goaway(0, goaway.noError)) },
      expected: { code: Code.Unavailable },
      requests: 5,
      connections: 5,
    },
    {
      name: "GOAWAY that includes the open stream, then the answer",
      on: overHttp2,
      server: {
        onRequest: h2((one) => {
          one.connection.goaway(one.id, goaway.noError);
          setTimeout(() => one.ok(), 20);
        }),
      },
      expected: { code: "ok" },
      requests: 1,
      connections: 1,
    },
    {
      name: "GOAWAY INTERNAL_ERROR during the call",
      on: overHttp2,
      server: { onRequest: h2((one) => one.connection.goaway(one.id, goaway.internalError)) },
      expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
      requests: 4,
      connections: 4,
    },
    {
      name: "GOAWAY ENHANCE_YOUR_CALM because of too many pings",
      on: overHttp2,
      server: { onRequest: h2((one) => one.connection.goaway(one.id, goaway.enhanceYourCalm, "too_many_pings")) },
      expected: { code: Code.Unavailable, attempts: 4, message: /ping/i },
      requests: 4,
      connections: 4,
    },
    {
      name: "GOAWAY whose debug data is the token, and more than fits into a line",
      on: overHttp2,
      server: {
        onRequest: h2((one) =>
          one.connection.goaway(one.id, goaway.internalError, `${canaryToken}\n${"x".repeat(500)}`),
        ),
      },
      expected: { code: Code.Unavailable, reason: "connection-lost", attempts: 4 },
    },
    {
      name: "padded DATA",
      on: ["grpc"],
      server: {
        onRequest: h2((one) => {
          one.head();
          for (let piece = 0; piece < 5; piece++) {
            one.data(envelope(new Uint8Array()).subarray(piece, piece + 1), { padding: 255 });
          }
          one.data(new Uint8Array(), { padding: 255 });
          one.trailers();
        }),
      },
      expected: { code: "ok" },
      requests: 1,
    },
    {
      name: "103 Early Hints before the head",
      on: overHttp2,
      server: {
        onRequest: h2((one) => {
          one.head({ ":status": 103, link: "</style.css>; rel=preload" });
          one.ok();
        }),
      },
      expected: { code: "ok" },
      requests: 1,
    },
  ]);

  for (const route of overHttp2) {
    // As grpc-go does with handlers that go on.
    test(`RST_STREAM CANCEL as the deadline passes, ${route}`, async () => {
      const deadlineMs = 300;
      await using server = await startRawH2({
        onRequest: (one) => setTimeout(() => one.rst(rst.cancel), deadlineMs - 95),
      });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: deadlineMs, retry: false });
      const expected = {
        code: Code.DeadlineExceeded,
        attempts: 1,
        message: /deadline of 300 ms .*waiting for the answer/,
      };
      await listOutcome(client, expected);
      server.options = {};
      await listOutcome(client, { code: "ok" });
      expect(server.connections.map(({ pings }) => pings)).toEqual([0]);
    });

    test(`GOAWAY while idle, then a call 0 to 8 turns of the event loop later, ${route}`, async () => {
      const stray = collectStray();
      for (let run = 0; run < 40; run++) {
        await using server = await startRawH2();
        await using client = clientFor(route, { baseUrl: server.url });
        await client.listMyRefreshTokens({});
        const [connection] = server.connections;
        connection?.goaway(1, goaway.noError);
        // Some load balancers close at once, some wait for the client to.
        if (run >= 20) connection?.end();
        await turns(run % 9);
        await client.listMyRefreshTokens({});
      }
      await turns(4);
      stray.stop();
      expect(stray.seen).toEqual([]);
    });

    test(`100 calls over one stream at a time, ${route}`, async () => {
      let open = 0;
      let most = 0;
      await using server = await startRawH2({
        settings: [[settings.maxConcurrentStreams, 1]],
        onRequest(one) {
          open++;
          most = Math.max(most, open);
          setImmediate(() => {
            open--;
            one.ok();
          });
        },
      });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 20_000 });
      await Promise.all(Array.from({ length: 100 }, () => client.listMyRefreshTokens({})));
      expect(most).toBe(1);
      expect(server.requests).toHaveLength(100);
      expect(server.connections).toHaveLength(1);
    });

    test(`no stream is ever allowed, ${route}`, async () => {
      await using server = await startRawH2({ settings: [[settings.maxConcurrentStreams, 0]] });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 150 });
      // The very first call may leave before the server's SETTINGS arrive, but not if one waits for them.
      await listOutcome(client, { code: Code.DeadlineExceeded });
      expect(server.requests).toHaveLength(0);
      server.connections.at(-1)?.settings([[settings.maxConcurrentStreams, 1]]);
      await listOutcome(client, { code: "ok" });
    });

    test(`the window for request bodies never opens, ${route}`, async () => {
      await using server = await startRawH2({ settings: [[settings.initialWindowSize, 0]] });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 800 });
      await listOutcome(client, { code: Code.DeadlineExceeded, attempts: 1 });
      await until(() => server.connections[0]?.resets.get(1) === rst.cancel, "the stream was not cancelled");
    });

    test(`answers before the requests are out, whose streams nobody resets, ${route}`, async () => {
      await using server = await startRawH2({
        settings: [
          [settings.initialWindowSize, 0],
          [settings.maxConcurrentStreams, 3],
        ],
        onHeaders: (one) => (one.headers["content-type"] === "application/grpc" ? one.status(0) : one.status(5)),
      });
      await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 1_000 });
      const calls = Array.from({ length: 10 }, () => client.listMyRefreshTokens({}).catch((error) => Code[error.code]));
      const code = { grpc: "Unimplemented", "grpcWeb over http2": "NotFound", "rest over http2": "Internal" }[
        route as string
      ];
      expect(await Promise.all(calls)).toEqual(Array(10).fill(code));
      await until(() => server.connections[0]?.resets.size === 10, "the streams were not reset");
      expect(server.connections).toHaveLength(1);
    });

    for (const when of ["before the call", "during the call"]) {
      for (const [code, expected, attempts] of [
        [goaway.noError, { code: Code.Unavailable }, 5],
        [goaway.internalError, { code: Code.Unavailable }, 5],
        [goaway.enhanceYourCalm, { code: Code.Unavailable }, 4],
        [rst.inadequateSecurity, { code: Code.PermissionDenied, reason: "rst-inadequate-security" }, 1],
        [rst.http11Required, { code: Code.Unavailable, reason: "not-h2" }, 1],
      ] as const) {
        test(`GOAWAY ${code} ${when}, ${route}`, async () => {
          let connections = 0;
          await using server = await startRawH2({
            onConnection(connection) {
              connections++;
              if (when === "before the call") connection.goaway(0, code);
            },
            onRequest: ({ connection }) => connection.goaway(0, code),
          });
          await using client = clientFor(route, { baseUrl: server.url });
          await listOutcome(client, { ...expected, message: code === 13 ? /HTTP\/2/ : new RegExp(`GOAWAY ${code}`) });
          // What was never sent needs no transparent attempt.
          expect(connections).toBeLessThanOrEqual(attempts);
          expect(connections).toBeGreaterThanOrEqual(Math.min(4, attempts));
        });
      }
    }

    test(`100 PINGs before the answer, ${route}`, async () => {
      await using server = await startRawH2({
        onRequest(one) {
          for (let ping = 0; ping < 100; ping++) one.connection.ping();
          one.ok();
        },
      });
      await using client = clientFor(route, { baseUrl: server.url });
      await listOutcome(client, { code: "ok" });
      await until(() => server.connections[0]?.pingAcks === 100, "not every PING was acknowledged");
      expect(server.connections).toHaveLength(1);
    });
  }

  test("header fields beyond 1 MiB, decompressed, and a :status that is none", async () => {
    // A field of 4 KB, kept by the client, and then named 300 times by a byte each.
    const bomb = Buffer.concat([
      encodeHeaders({ ":status": 200 }),
      Buffer.of(0x40),
      encodeHeaders({ "x-bomb": "y".repeat(3_900) }).subarray(1),
      Buffer.alloc(300, 0x80 | 62),
    ]);
    await using server = await startRawH2();
    await using client = clientFor("grpc", { baseUrl: server.url });
    // The limit holds for streams that are made when the server has acknowledged it.
    await listOutcome(client, { code: "ok" });
    server.options = { onRequest: (one) => one.connection.frame(frameType.headers, 4, one.id, bomb) };
    await listOutcome(client, { code: Code.ResourceExhausted, message: /or Node did at 1 MiB of header fields/ });
    server.options = { onRequest: (one) => one.head({ ":status": "000" }, { endStream: true }) };
    await listOutcome(client, { code: Code.Internal, message: /status is no HTTP status|not valid HTTP\/2/ });
    server.options = {};
    await listOutcome(client, { code: "ok" });
    expect(server.connections).toHaveLength(1);
  });

  test("one event is all that failed with a connection, and all that waited for one", async () => {
    await using server = await startRawH2({ onRequest: (one) => one.number === 20 && one.connection.socket.destroy() });
    await using client = clientFor("grpc", { baseUrl: server.url, retry: false });
    const events = async () => {
      const calls = Array.from({ length: 20 }, () =>
        client.listMyRefreshTokens({}).catch((error) => noteOf(error)?.event),
      );
      return await Promise.all(calls);
    };
    const [lost, ...others] = await events();
    expect(typeof lost).toBe("object");
    expect(others.every((event) => event === lost)).toBe(true);
    await server.close();
    const [refused, ...more] = await events();
    expect(typeof refused).toBe("object");
    expect(refused).not.toBe(lost);
    expect(more.every((event) => event === refused)).toBe(true);
  });

  test("no byte of padding is lost from the windows", async () => {
    // 3 MB of padding in 400 answers: more than any window holds.
    await using server = await startRawH2({
      onRequest(one) {
        one.head();
        for (let frame = 0; frame < 30; frame++) one.data(new Uint8Array(), { padding: 255 });
        one.data(envelope(new Uint8Array()));
        one.trailers();
      },
    });
    await using client = clientFor("grpc", { baseUrl: server.url });
    for (let call = 0; call < 400; call++) await client.listMyRefreshTokens({});
    expect(server.connections).toHaveLength(1);
  });
});

function h2(fault: (one: RawH2Stream) => void): (one: RawExchange) => void {
  return (one) => fault(one as RawH2Stream);
}
