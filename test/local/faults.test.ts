import { once } from "node:events";
import { connect } from "node:http2";
import { request } from "node:https";
import { Code } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import type { Fault, LocalZitadel } from "../../src/testing.js";
import { ca, certificate } from "../helpers/certificate.js";
import { Child } from "../helpers/child.js";
import { call, grpcJs, list, listError } from "./grpc-js-client.js";
import { start } from "./start-local.js";
import { sendHttp1, sendHttp2 } from "./wire-request.js";

const { revokeMyRefreshToken } = AuthService.method;

function bearer(zitadel: LocalZitadel): { authorization: string } {
  return { authorization: `Bearer ${zitadel.users[0].token}` };
}

function search(zitadel: LocalZitadel): Promise<Response> {
  const path = "/auth/v1/users/me/tokens/refresh/_search";
  return fetch(zitadel.url + path, { method: "POST", headers: bearer(zitadel), body: "{}" });
}

function listWeb(zitadel: LocalZitadel): Promise<Response> {
  const path = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
  const headers = { ...bearer(zitadel), "content-type": "application/grpc-web+proto" };
  return fetch(zitadel.url + path, { method: "POST", headers, body: new Uint8Array(5) });
}

describe("a fault over gRPC, as grpc-js sees it", () => {
  const cases: [fault: Fault, code: status, details: RegExp][] = [
    [{ kind: "status", code: Code.Internal, message: "db connection error", id: "" }, 13, /^db connection error \(\)$/],
    [{ kind: "status", code: Code.Unavailable }, 14, /^Unavailable$/],
    [{ kind: "reset" }, 13, /RST_STREAM with code 2/],
    [{ kind: "reset", errorCode: 11 }, 8, /Bandwidth exhausted/],
    [{ kind: "reset", afterBytes: 7 }, 13, /RST_STREAM with code 2/],
    [{ kind: "refused-stream", times: 9 }, 14, /Stream refused/],
    [{ kind: "goaway", times: 9 }, 14, /./],
    [{ kind: "disconnect", times: 9 }, 14, /./],
    [{ kind: "html" }, 14, /502/],
    [{ kind: "html", status: 503 }, 14, /503/],
    [{ kind: "rate-limit", retryAfterSeconds: 2 }, 14, /429/],
    [{ kind: "expired-once" }, 16, /^Errors\.Token\.Invalid \(AUTH-7fs1e\)$/],
    [
      { kind: "collision", method: "ListMyRefreshTokens" },
      2,
      /^ERROR: duplicate key .* "events2_pkey" \(SQLSTATE 23505\)$/,
    ],
    [{ kind: "truncated" }, 13, /./],
    [{ kind: "hang" }, 4, /./],
    [{ kind: "hang", afterHeaders: true }, 4, /./],
    [{ kind: "delay", ms: 60_000 }, 4, /./],
  ];
  for (const [fault, code, details] of cases) {
    test(JSON.stringify(fault), async () => {
      const zitadel = await start({ faults: [fault] });
      const deadlineMs = code === status.DEADLINE_EXCEEDED ? 100 : 20_000;
      const error = await listError(grpcJs(zitadel.url), zitadel.users[0].token, deadlineMs);
      expect({ code: status[error.code], details: error.details }).toEqual({
        code: status[code],
        details: expect.stringMatching(details),
      });
    });
  }

  test("a status brings its trailers along", async () => {
    const trailers = { "grpc-retry-pushback-ms": "200" };
    const zitadel = await start({ faults: [{ kind: "status", code: Code.Unavailable, trailers }] });
    const error = await listError(grpcJs(zitadel.url), zitadel.users[0].token);
    expect(error.metadata.get("grpc-retry-pushback-ms")).toEqual(["200"]);
  });

  test("GOAWAY leaves the call out, and lets an earlier one on the connection end well", async () => {
    const zitadel = await start();
    const path = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", ...bearer(zitadel) };
    const session = connect(zitadel.url);
    const goaway = once(session, "goaway");
    zitadel.fail({ kind: "delay", ms: 200 });
    const earlier = session.request(headers);
    earlier.end(Buffer.alloc(5));
    const answered = once(earlier, "trailers");
    while (zitadel.requests.length < 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    zitadel.fail({ kind: "goaway" });
    const refused = session.request(headers);
    refused.end(Buffer.alloc(5));
    const refusal = once(refused, "error");
    const [errorCode, lastStreamId] = await goaway;
    expect({ errorCode, lastStreamId }).toEqual({ errorCode: 0, lastStreamId: earlier.id });
    expect((await refusal)[0]).toMatchObject({ message: expect.stringContaining("REFUSED_STREAM") });
    expect((await answered)[0]).toMatchObject({ "grpc-status": "0" });
    session.close();
  });

  test("a delay ends at the call's own deadline, and with the server's word for it", async () => {
    const zitadel = await start({ faults: [{ kind: "delay", ms: 60_000 }] });
    const answer = await sendHttp2(zitadel.url, {
      method: "POST",
      path: "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      headers: [["content-type", "application/grpc"], ["grpc-timeout", "50m"], ...Object.entries(bearer(zitadel))],
      body: Buffer.alloc(5),
    });
    expect(answer.trailers).toMatchObject({ "grpc-status": "4", "grpc-message": "context deadline exceeded" });
  });
});

describe("a deadline that ends inside ZITADEL's authorization", () => {
  test("is told as an organisation that does not exist, which nobody asked for", async () => {
    const zitadel = await start({ faults: [{ kind: "delay", ms: 60_000, during: "authorization" }] });
    const answer = await sendHttp2(zitadel.url, {
      method: "POST",
      path: "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      headers: [["content-type", "application/grpc"], ["grpc-timeout", "50m"], ...Object.entries(bearer(zitadel))],
      body: Buffer.alloc(5),
    });
    expect(answer.trailers).toMatchObject({
      "grpc-status": "7",
      "grpc-message": "Organisation doesn't exist (AUTH-Bs7Ds)",
    });
  });
});

describe("a fault over REST and gRPC-Web, as fetch sees it", () => {
  const answered: [fault: Fault, httpStatus: number, header: [string, string], body: RegExp][] = [
    [{ kind: "html" }, 502, ["content-type", "text/html"], /<h1>502 Bad Gateway/],
    [{ kind: "html", status: 503 }, 503, ["content-type", "text/html"], /<h1>503 /],
    [{ kind: "rate-limit", retryAfterSeconds: 2 }, 429, ["retry-after", "2"], /<h1>429 /],
  ];
  for (const [fault, httpStatus, [name, value], body] of answered) {
    for (const send of [search, listWeb]) {
      test(`${JSON.stringify(fault)} answers ${send.name}`, async () => {
        const zitadel = await start({ faults: [fault] });
        const response = await send(zitadel);
        expect(response.status).toBe(httpStatus);
        expect(response.headers.get(name)).toBe(value);
        expect(await response.text()).toMatch(body);
      });
    }
  }

  const broken: Fault[] = [
    { kind: "reset" },
    { kind: "disconnect" },
    { kind: "goaway" },
    { kind: "refused-stream" },
    { kind: "reset", afterBytes: 7 },
  ];
  for (const fault of broken) {
    for (const send of [search, listWeb]) {
      test(`${JSON.stringify(fault)} breaks off ${send.name}`, async () => {
        // Twice: undici repeats a call once whose connection ends before an answer.
        const zitadel = await start({ faults: [{ ...fault, times: 2 }] });
        await expect(send(zitadel).then((response) => response.text())).rejects.toThrow(
          /^(?:fetch failed|terminated)$/,
        );
      });
    }
  }

  for (const fault of [{ kind: "reset" }, { kind: "reset", afterBytes: 7 }] as const) {
    test(`${JSON.stringify(fault)} breaks off HTTP/1.1 over TLS`, async () => {
      const zitadel = await start({ tls: certificate("server"), faults: [fault] });
      const path = `${zitadel.tlsUrl}/auth/v1/users/me/tokens/refresh/_search`;
      const outcome = await new Promise((resolve) => {
        const sent = request(path, { method: "POST", ca, headers: bearer(zitadel), agent: false }, (answer) => {
          answer.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code)).resume();
          answer.on("end", () => resolve(answer.statusCode));
        });
        sent.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code)).end("{}");
      });
      expect(outcome).toBe("ECONNRESET");
    });
  }

  test("a truncated answer ends early but neatly", async () => {
    const zitadel = await start({ faults: [{ kind: "truncated", bytes: 20, times: 2 }] });
    expect(await (await search(zitadel)).text()).toHaveLength(20);
    expect((await (await listWeb(zitadel)).arrayBuffer()).byteLength).toBe(20);
  });

  test("a status brings its trailers along as headers", async () => {
    const trailers = { "grpc-retry-pushback-ms": "200" };
    const zitadel = await start({ faults: [{ kind: "status", code: Code.Unavailable, trailers }] });
    expect((await search(zitadel)).headers.get("grpc-retry-pushback-ms")).toBe("200");
  });

  test("a status has its HTTP status, and ErrorDetail if it has an id", async () => {
    const fault: Fault = { kind: "status", code: Code.ResourceExhausted, message: "Errors.Limits.Instance.Blocked" };
    const zitadel = await start({ faults: [{ ...fault, id: "LIMITS-molsj" }] });
    const response = await search(zitadel);
    expect(response.status).toBe(429);
    expect(await response.json()).toEqual({
      code: 8,
      message: "Errors.Limits.Instance.Blocked (LIMITS-molsj)",
      details: [
        {
          "@type": "type.googleapis.com/zitadel.v1.ErrorDetail",
          id: "LIMITS-molsj",
          message: "Errors.Limits.Instance.Blocked",
        },
      ],
    });
  });
});

describe("a reset before the body's first byte over HTTP/2", () => {
  const rpc = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
  for (const [contentType, path, body] of [
    ["application/grpc", rpc, Buffer.alloc(5)],
    ["application/grpc-web+proto", rpc, Buffer.alloc(5)],
    ["application/json", "/auth/v1/users/me/tokens/refresh/_search", "{}"],
  ] as const) {
    test(`breaks off ${contentType}, and leaves the server's process alone`, async () => {
      const faults: Fault[] = [{ kind: "reset", afterBytes: 0, times: 10 }];
      const program = new URL("./server-program.js", import.meta.url);
      const [server, { url, token }] = await Child.start<Record<"url" | "token", string>>(
        program,
        JSON.stringify(faults),
      );
      // On one connection: what aborts Node comes with the next bytes that it reads from it.
      const session = connect(url).on("error", () => {});
      try {
        const headers = { ":method": "POST", ":path": path, "content-type": contentType };
        const send = async (): Promise<number> => {
          const stream = session.request({ ...headers, authorization: `Bearer ${token}` });
          stream.end(body);
          const [head] = await once(stream, "response");
          await once(stream.resume(), "end");
          return head[":status"];
        };
        for (let call = 0; call < 10; call++) await expect(send()).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
        expect(await send()).toBe(200);
      } finally {
        session.close();
        await server.end();
      }
    });
  }
});

describe("faults wait for the call that they are meant for", () => {
  test("one strikes so many calls and no more", async () => {
    const zitadel = await start({ faults: [{ kind: "html", times: 2, skip: 1 }] });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push((await search(zitadel)).status);
    }
    expect(statuses).toEqual([200, 502, 502, 200, 200]);
  });

  test("they strike in the order in which they were added, and a delay lets the next one strike too", async () => {
    const zitadel = await start({ faults: [{ kind: "delay", ms: 1 }, { kind: "html" }] });
    zitadel.fail({ kind: "html", status: 503 });
    const statuses = [await search(zitadel), await search(zitadel), await search(zitadel)].map(({ status }) => status);
    expect(statuses).toEqual([502, 503, 200]);
  });

  test("one for another RPC lets a call pass", async () => {
    const zitadel = await start({ faults: [{ kind: "html", method: "RevokeMyRefreshToken" }] });
    expect((await search(zitadel)).status).toBe(200);
    const revoke = `${zitadel.url}/auth/v1/users/me/tokens/refresh/1`;
    expect((await fetch(revoke, { method: "DELETE", headers: bearer(zitadel) })).status).toBe(502);
  });

  test("health checks and preflights are spared", async () => {
    const zitadel = await start({ faults: [{ kind: "html", times: Infinity }] });
    const health = await fetch(`${zitadel.url}/debug/healthz`);
    expect({ status: health.status, body: await health.text() }).toEqual({ status: 200, body: "ok" });
    const path = "/auth/v1/users/me/tokens/refresh/_search";
    const headers = [
      ["origin", "https://app.example"],
      ["access-control-request-method", "POST"],
    ] as const;
    const preflight = await sendHttp1(zitadel.url, { method: "OPTIONS", path, headers });
    expect(preflight.status).toBe(204);
    expect((await search(zitadel)).status).toBe(502);
  });

  test("a lag lets lists show what has been revoked, until its time has come", async () => {
    let now = Date.now();
    const zitadel = await start({ now: () => new Date(now), faults: [{ kind: "lag", ms: 5000 }] });
    const [user] = zitadel.users;
    const client = grpcJs(zitadel.url);
    const id = user.refreshTokens[0]?.id ?? "";
    await list(client, user.token);
    await call(client, revokeMyRefreshToken, { id }, bearer(zitadel));
    expect((await list(client, user.token)).result.map((token) => token.id)).toContain(id);
    expect(user.refreshTokens.map((token) => token.id)).not.toContain(id);
    now += 5000;
    expect((await list(client, user.token)).result.map((token) => token.id)).not.toContain(id);
  });

  test("a collision strikes a change, which is not made", async () => {
    const zitadel = await start({ faults: [{ kind: "collision" }] });
    const [user] = zitadel.users;
    const client = grpcJs(zitadel.url);
    const [{ id = "" } = {}] = user.refreshTokens;
    await list(client, user.token);
    await expect(call(client, revokeMyRefreshToken, { id }, bearer(zitadel))).rejects.toThrow("events2_pkey");
    expect(user.refreshTokens.map((token) => token.id)).toContain(id);
    await call(client, revokeMyRefreshToken, { id }, bearer(zitadel));
    expect(user.refreshTokens.map((token) => token.id)).not.toContain(id);
  });

  test("one that is none is refused", async () => {
    const zitadel = await start();
    expect(() => zitadel.fail({ kind: "explode" } as unknown as Fault)).toThrow('unknown fault "explode": use one of');
    expect(() => zitadel.fail({ kind: "hang", method: "Nope" } as unknown as Fault)).toThrow('unknown method "Nope"');
    expect(() => zitadel.fail({ kind: "delay" } as unknown as Fault)).toThrow("a fault of kind delay needs `ms`");
    for (const times of [0, 1.5, Number.NaN]) expect(() => zitadel.fail({ kind: "hang", times })).toThrow(RangeError);
    for (const skip of [-1, 0.5]) expect(() => zitadel.fail({ kind: "hang", skip })).toThrow(RangeError);
    expect(() => zitadel.fail({ kind: "html", status: 9999 })).toThrow(RangeError);
    expect(() => zitadel.fail({ kind: "truncated", bytes: -1 })).toThrow(RangeError);
  });
});
