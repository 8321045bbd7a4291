import { describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { startAnswerServer } from "../helpers/answer-server.js";
import { ca, caFile, certificate } from "../helpers/certificate.js";
import { envelope, okAnswer } from "../helpers/raw-h2.js";
import { simulateTime } from "../helpers/simulated-time.js";
import { canaryBody, canaryToken } from "./canary.js";
import { type FaultRow, listOutcome, testFaultRows } from "./fault-table.js";
import { listInChild } from "./list-in-child.js";
import {
  clientFor,
  everyClient,
  everyRoute,
  overFetch,
  overHttp1,
  overHttp2,
  type RawExchange,
  type Route,
  startRaw,
} from "./routes.js";

const html = { "content-type": "text/html; charset=utf-8" };
const page = `<!DOCTYPE html><html><title>${canaryBody}</title></html>`;
const text = { "content-type": "text/plain; charset=utf-8" };
const gateway = { "content-type": "application/json" };
const web: readonly Route[] = ["grpcWeb", "grpcWeb over http2"];
const json: readonly Route[] = ["rest", "rest over http2"];
// From Node 24 on HTTP/2 itself refuses a :status below 100.
const refusesStatus = Number.parseInt(process.versions.node, 10) >= 24;

describe("too many requests", () => {
  simulateTime();

  for (const route of everyRoute) {
    for (const [headers, leastMs] of [
      [{ "retry-after": 1 }, 1_000],
      // About a second.
      [{}, 800],
    ] as const) {
      test(`429 with ${JSON.stringify(headers)} is followed by a wait of ${leastMs} ms at least, ${route}`, async () => {
        const at: number[] = [];
        await using server = await startRaw(route, {
          onRequest(one) {
            at.push(performance.now());
            if (one.number === 1) one.respond(429, headers);
            else one.ok();
          },
        });
        await using client = clientFor(route, { baseUrl: server.url, timeoutMs: 4000 });
        await listOutcome(client, { code: "ok" });
        expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(leastMs);
        expect(server.requests).toHaveLength(2);
      });
    }
  }
});

describe("HTTP status, content type, redirects", () => {
  testFaultRows([
    ...(
      [
        [400, Code.Internal],
        [401, Code.Unauthenticated],
        [403, Code.PermissionDenied],
        [404, Code.Unimplemented, /baseUrl|protocol/],
        [500, Code.Unknown],
        [502, Code.Unavailable],
        [503, Code.Unavailable],
        [504, Code.Unavailable],
        // Cloudflare's.
        [520, Code.Unavailable, /of the API$/],
        [521, Code.Unavailable, /of the API$/],
        [522, Code.Unavailable, /of the API$/],
        [523, Code.Unavailable, /of the API$/],
        [524, Code.Unavailable, /of the API$/],
        [431, Code.Unknown],
        [425, Code.Unknown],
        [451, Code.Unknown],
      ] as const
    ).map(([status, code, message = /HTTP \d+/]) => {
      const attempts = code === Code.Unavailable ? 4 : 1;
      return {
        name: `${status} with a page`,
        on: everyRoute,
        server: { onRequest: answer(status, html, page) },
        expected: { code, httpStatus: status, attempts, message },
        requests: attempts,
      };
    }),
    {
      name: "400, as nginx answers to http: on a TLS port or to TLS without a client certificate",
      on: everyRoute,
      server: { onRequest: answer(400, html, "The plain HTTP request was sent to HTTPS port") },
      expected: { code: Code.Internal, httpStatus: 400, message: /TLS port \(use https:\).*client certificate/ },
    },
    ...[403, 464, 525, 530].flatMap((status) =>
      (
        [
          [["grpc"], /before ZITADEL .* try grpcWeb or rest$/],
          [web, /before ZITADEL .* try rest$/],
          [json, /of the API$/],
        ] as const
      ).map(([on, message]) => ({
        name: `${status}, with which a proxy refuses gRPC`,
        on: [...on],
        server: { onRequest: answer(status, html, page) },
        expected: {
          code: status === 403 ? Code.PermissionDenied : Code.Unknown,
          httpStatus: status,
          attempts: 1,
          message,
        },
        requests: 1,
      })),
    ),
    ...["000", "099", "700", "800"].map((status) => ({
      name: `a :status of ${status}`,
      on: overHttp2,
      server: {
        onRequest: (one: RawExchange) => {
          one.head({ ":status": status, ...html });
          one.data(Buffer.from(page), { endStream: true });
        },
      },
      // One below 100 breaks HTTP/2, which newer Nodes say first; one that no table knows is Unknown, as in gRPC's.
      expected:
        status < "100" && refusesStatus
          ? { code: Code.Internal, attempts: 1, message: /not valid HTTP\/2/, reason: "rst-protocol-error" }
          : {
              code: status < "100" ? Code.Internal : Code.Unknown,
              attempts: 1,
              message: /HTTP status/,
              reason: "bad-http",
              ...(status === "000" && { httpStatus: undefined }),
            },
    })),
    {
      name: "421 with a page",
      on: everyRoute,
      server: { onRequest: answer(421, html, page) },
      expected: { code: Code.Unknown, httpStatus: 421, attempts: 1, message: /HTTP 421/ },
      requests: 1,
    },
    {
      name: "407 with a page",
      on: everyRoute,
      server: { onRequest: answer(407, html, page) },
      expected: { code: Code.Unknown, httpStatus: 407, attempts: 1 },
      requests: 1,
    },
    {
      // What `fetch` makes of it: the Fetch standard turns 407 into a network error.
      name: "407 with a page",
      on: overFetch,
      server: { onRequest: answer(407, html, page) },
      expected: { code: Code.Unavailable },
    },
    {
      name: "401 with a page, and a token that can be refreshed",
      on: everyRoute,
      server: { onRequest: answer(401, html, page) },
      options: { token: ({ refresh }) => (refresh ? `${canaryToken}-2` : canaryToken) },
      expected: { code: Code.Unauthenticated, httpStatus: 401, attempts: 2 },
      requests: 2,
    },
    {
      name: "429 with Retry-After: 1 that does not fit into the deadline",
      on: everyRoute,
      server: { onRequest: answer(429, { ...html, "retry-after": 1 }, page) },
      options: { timeoutMs: 900 },
      expected: { code: Code.Unavailable, httpStatus: 429, attempts: 1 },
      requests: 1,
    },
    {
      name: "429 with a date too far away in Retry-After",
      on: everyRoute,
      server: { onRequest: (one) => answer(429, { "retry-after": inSeconds(60) })(one) },
      expected: { code: Code.Unavailable, httpStatus: 429, attempts: 1 },
      requests: 1,
    },
    {
      name: "429 with a date that has passed in Retry-After",
      on: everyRoute,
      server: { onRequest: (one) => answer(429, { "retry-after": inSeconds(-60) })(one) },
      expected: { code: Code.Unavailable, httpStatus: 429, attempts: 4 },
      requests: 4,
    },
    {
      name: "429 with Retry-After: 99999",
      on: everyRoute,
      server: { onRequest: answer(429, { "retry-after": 99999 }) },
      expected: { code: Code.Unavailable, httpStatus: 429, attempts: 1 },
      requests: 1,
    },
    ...["soon", "-1", "1.5", "", "1e9"].map((value) => ({
      name: `503 with garbage in Retry-After: "${value}"`,
      on: everyRoute,
      server: { onRequest: answer(503, { "retry-after": value }) },
      expected: { code: Code.Unavailable, httpStatus: 503, attempts: 4 },
      requests: 4,
    })),
    ...["soon", "", undefined].map((value) => ({
      name: `429 with Retry-After "${value}" and less than a second until the deadline`,
      on: everyRoute,
      server: { onRequest: answer(429, value === undefined ? {} : { "retry-after": value }) },
      options: { timeoutMs: 750 },
      expected: { code: Code.Unavailable, httpStatus: 429, attempts: 1 },
      requests: 1,
    })),
    {
      name: "503 with grpc-status 7",
      on: ["grpc"],
      server: { onRequest: answer(503, { "content-type": "application/grpc", "grpc-status": 7 }) },
      expected: { code: Code.PermissionDenied, httpStatus: 503, fromServer: true, attempts: 1 },
      requests: 1,
    },
    {
      name: "503 with a grpc-message that is not encoded right",
      on: ["grpc", ...web],
      server: { onRequest: answer(503, { ...html, "grpc-message": "100%" }, page) },
      expected: { code: Code.Unavailable, httpStatus: 503, attempts: 4 },
      requests: 4,
    },
    ...(
      [
        ["Envoy's text", text, "no healthy upstream", /^\[unavailable\] HTTP 503 .*: "no healthy upstream"$/],
        ["Kong's JSON", gateway, '{"message":"name resolution failed"}', /: "name resolution failed"$/],
        ["a nested error", gateway, '{"error":{"code":503,"message":"backend is down"}}', /: "backend is down"$/],
        ["an error alone", gateway, '{"error":"backend is down"}', /: "backend is down"$/],
        ["RFC 9457", { "content-type": "application/problem+json" }, '{"title":"Down","status":503}', /: "Down"$/],
        ["JSON of another kind", gateway, '{"why":"asleep"}', /: "\{"why":"asleep"\}"$/],
        ["JSON that is none", gateway, "backend is down", /: "backend is down"$/],
        ["more than a line", text, "\r\n \u202eno\u0007\nhealthy upstream", /: "\\u202eno\\u0007"$/],
        ["more than 200 characters", text, "no ".repeat(1000), /: "(?:no ){66}no"$/],
        ["the token", text, `bad token ${canaryToken}`, /: "bad token \[redacted\]"$/],
        ["nothing", text, "", /of the API$/],
        ["a page that is said to be text", text, page, /of the API$/],
      ] as const
    ).map(([what, type, body, message]) => ({
      name: `503 whose body says why, ${what}`,
      on: everyRoute,
      server: { onRequest: answer(503, type, body) },
      expected: { code: Code.Unavailable, httpStatus: 503, attempts: 4, message },
      requests: 4,
    })),
    {
      name: "400 of a server that says why, without the advice for those that do not",
      on: everyRoute,
      server: { onRequest: answer(400, text, "Client sent an HTTP request to an HTTPS server.\n") },
      expected: { code: Code.Internal, attempts: 1, message: /: "Client sent an HTTP request to an HTTPS server\."$/ },
      requests: 1,
    },
    {
      name: "404 of a proxy that says why, with the advice after it",
      on: everyRoute,
      server: { onRequest: answer(404, text, "no route ".repeat(100)) },
      expected: {
        code: Code.Unimplemented,
        attempts: 1,
        message: /: "no route .*…; is baseUrl .* let this protocol through\?$/,
      },
      requests: 1,
    },
    {
      name: "403 of a proxy that says why, byte by byte",
      on: everyRoute,
      server: {
        onRequest(one) {
          one.head({ ":status": 403, ...text });
          for (const byte of Buffer.from("access denied")) one.data(Buffer.of(byte));
          if ("trailers" in one) one.data(Buffer.alloc(0), { endStream: true });
          else one.connection.raw("0\r\n\r\n");
        },
      },
      expected: { code: Code.PermissionDenied, httpStatus: 403, attempts: 1, message: /: "access denied"/ },
      requests: 1,
    },
    {
      name: "403 of a proxy whose words have no end",
      on: everyRoute,
      server: {
        onRequest(one) {
          one.head({ ":status": 403, ...text });
          one.data(Buffer.alloc(1024, "no "));
        },
      },
      expected: { code: Code.PermissionDenied, httpStatus: 403, attempts: 1, message: /: "no no no / },
      requests: 1,
    },
    {
      name: "204",
      on: ["grpc", ...web],
      server: { onRequest: answer(204) },
      expected: { code: Code.Unknown, httpStatus: 204, reason: "empty-response", attempts: 1 },
      requests: 1,
    },
    {
      name: "an empty 200",
      on: ["grpc", ...web],
      server: { onRequest: (one) => answer(200, ownType(one))(one) },
      expected: { code: Code.Unknown, httpStatus: 200, reason: "empty-response", attempts: 1 },
      requests: 1,
    },
    {
      name: "an empty 200",
      on: json,
      server: { onRequest: (one) => answer(200, ownType(one))(one) },
      expected: { code: Code.Internal, httpStatus: 200, attempts: 1, message: /empty/ },
      requests: 1,
    },
    {
      name: "200 with a login page",
      on: everyRoute,
      server: { onRequest: answer(200, html, page) },
      expected: {
        code: Code.Unknown,
        httpStatus: 200,
        reason: "unexpected-content-type",
        attempts: 1,
        message: /"text\/html.*page/,
      },
      requests: 1,
    },
    {
      name: "200 without a content type",
      on: ["grpc", ...web],
      server: { onRequest: (one) => answer(200, {}, ownBody(one))(one) },
      expected: { code: Code.Unknown, httpStatus: 200, reason: "unexpected-content-type", attempts: 1 },
      requests: 1,
    },
    ...[html, { "content-type": "text/plain" }].map(
      (type): FaultRow => ({
        name: `200 with a good body said to be ${type["content-type"]}`,
        on: everyRoute,
        server: { onRequest: (one) => answer(200, type, ownBody(one))(one) },
        expected: { code: Code.Unknown, httpStatus: 200, reason: "unexpected-content-type", attempts: 1 },
        requests: 1,
      }),
    ),
    {
      name: "200 in gRPC-Web's text format",
      on: web,
      server: {
        onRequest: answer(
          200,
          { "content-type": "application/grpc-web-text" },
          Buffer.from(envelope(new Uint8Array())).toString("base64"),
        ),
      },
      expected: { code: Code.Unknown, httpStatus: 200, reason: "unexpected-content-type", attempts: 1 },
      requests: 1,
    },
    {
      name: "200 in a content coding that was not asked for",
      on: everyRoute,
      server: {
        onRequest: (one) => {
          const { type, body } = okAnswer(one.headers["content-type"]);
          one.respond(200, { "content-type": type, "content-encoding": "br" }, Buffer.from(body));
        },
      },
      expected: { code: Code.Internal, httpStatus: 200, reason: "decompress", attempts: 1 },
      requests: 1,
    },
    ...[300, 301, 302, 303, 307, 308].map((status) => ({
      name: `${status} to the same origin`,
      on: everyClient,
      server: { onRequest: answer(status, { location: "/moved" }) },
      expected: { code: Code.Unknown, httpStatus: status, reason: "redirect-refused", attempts: 1 },
      requests: 1,
    })),
  ]);

  // As of a proxy that answers in ZITADEL's place and keeps what came before.
  for (const [status, code] of [
    [302, Code.Unknown],
    [307, Code.Unknown],
    [404, Code.Unimplemented],
    [500, Code.Unknown],
  ] as const) {
    for (const where of ["trailers", "head"] as const) {
      for (const route of ["grpc", ...web] as const) {
        test(`HTTP ${status} is no success whatever its ${where} say of grpc-status, ${route}`, async () => {
          await using server = await startRaw(route, {
            onRequest(one) {
              const head = { ...ownType(one), ...(where === "head" && { "grpc-status": 0 }), location: "/moved" };
              one.head({ ":status": status, ...head });
              one.data(ownBody(one));
              if ("trailers" in one) one.trailers();
              else one.connection.raw("0\r\n\r\n");
            },
          });
          await using client = clientFor(route, { baseUrl: server.url });
          const reason = status < 400 ? { reason: "redirect-refused" } : {};
          await listOutcome(client, { code, httpStatus: status, attempts: 1, ...reason });
          expect(server.requests).toHaveLength(1);
        });
      }
    }
  }

  for (const route of everyRoute) {
    test(`a login page takes no memory, ${route}`, async () => {
      const body = Buffer.alloc(64 << 20, "x");
      await using server = await startAnswerServer(overHttp2.includes(route) ? 2 : 1, () => ({ headers: html, body }));
      await using client = clientFor(route, { baseUrl: server.baseUrl });
      await listOutcome(client, { code: Code.Unknown, reason: "unexpected-content-type" });
      await server.requests[0]?.over;
      // What fits into the buffers of two sockets.
      expect(server.bytesWritten).toBeLessThan(16 << 20);
    });

    test(`a proxy's text takes no memory, ${route}`, async () => {
      const body = Buffer.alloc(64 << 20, "x");
      const over = overHttp2.includes(route) ? 2 : 1;
      await using server = await startAnswerServer(over, () => ({ status: 403, headers: text, body }));
      await using client = clientFor(route, { baseUrl: server.baseUrl });
      await listOutcome(client, { code: Code.PermissionDenied });
      await server.requests[0]?.over;
      // What fits into the buffers of two sockets.
      expect(server.bytesWritten).toBeLessThan(16 << 20);
    });

    test(`no cookie and no referrer travel along, ${route}`, async () => {
      await using server = await startRaw(route, {
        onRequest(one) {
          if (one.number === 1) one.respond(503, { "set-cookie": "exhausted=1; Path=/" });
          else one.ok();
        },
      });
      await using client = clientFor(route, { baseUrl: server.url });
      await listOutcome(client, { code: "ok" });
      await listOutcome(client, { code: "ok" });
      expect(server.requests).toHaveLength(3);
      for (const headers of server.requests) {
        expect(headers.cookie).toBeUndefined();
        expect(headers.referer).toBeUndefined();
        expect(headers.authorization).toBe(`Bearer ${canaryToken}`);
      }
    });
  }

  for (const route of everyClient) {
    test(`a redirect to another origin does not reach it, ${route}`, async () => {
      for (const tls of [undefined, certificate("server")]) {
        await using other = await startRaw("rest", tls ? { tls } : {});
        for (const status of [301, 302, 303, 307, 308]) {
          const onRequest = answer(status, { location: `${other.url}/moved` });
          await using server = await startRaw(route, { onRequest });
          await using client = clientFor(route, { baseUrl: server.url });
          await listOutcome(client, {
            code: Code.Unknown,
            httpStatus: status,
            reason: "redirect-refused",
            attempts: 1,
          });
        }
        expect(other.connections).toHaveLength(0);
      }
    });
  }

  for (const route of overHttp2) {
    test(`a redirect from https to http does not reach it, ${route}`, async () => {
      await using other = await startRaw("rest", {});
      const onRequest = answer(307, { location: other.url });
      await using server = await startRaw(route, { tls: certificate("server"), onRequest });
      await using client = clientFor(route, { baseUrl: server.url, http2: { tls: { ca } } });
      await listOutcome(client, { code: Code.Unknown, httpStatus: 307, reason: "redirect-refused", attempts: 1 });
      expect(other.connections).toHaveLength(0);
    });
  }

  test("a redirect from https to http does not reach it, over http1 and fetch", async () => {
    await using other = await startRaw("rest", {});
    const onRequest = answer(307, { location: other.url });
    await using server = await startRaw("rest", { tls: certificate("server"), onRequest });
    const routes = [...overHttp1, ...overFetch];
    // Certificate authorities are taken only at the start of the process.
    for (const outcome of await listInChild({ baseUrl: server.url, routes }, { NODE_EXTRA_CA_CERTS: caFile })) {
      expect(outcome).toMatchObject({ code: Code.Unknown, reason: "redirect-refused", attempts: 1, places: [] });
    }
    expect(server.requests).toHaveLength(routes.length);
    expect(other.connections).toHaveLength(0);
  });
});

function answer(status: number, fields: Record<string, string | number> = {}, body: string | Uint8Array = "") {
  return (one: RawExchange) => one.respond(status, fields, body);
}

function ownType(one: RawExchange): { "content-type": string } {
  return { "content-type": okAnswer(one.headers["content-type"]).type };
}

function ownBody(one: RawExchange): Uint8Array {
  return okAnswer(one.headers["content-type"]).body;
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toUTCString();
}
