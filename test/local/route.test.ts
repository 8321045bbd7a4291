import { describe, expect, test } from "@jest/globals";
import { start } from "./start-local.js";
import { sendHttp1, sendHttp2, type WireRequest } from "./wire-request.js";

const rpcPath = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
const notFound = '{"code":5,"message":"Not Found"}';
const notAllowed = '{"code":12,"message":"Method Not Allowed"}';

function post(path: string, contentType: string, body: string | Uint8Array = new Uint8Array(5)): WireRequest {
  return { method: "POST", path, headers: [["content-type", contentType]], body };
}

function get(path: string): WireRequest {
  return { method: "GET", path };
}

/** Which part of ZITADEL answers, over HTTP/1.1 if not said otherwise. */
const cases: {
  name: string;
  request: WireRequest;
  http2?: true;
  status: number;
  header?: [string, string];
  body?: string;
}[] = [
  { name: "the health check", request: get("/debug/healthz"), status: 200, body: "ok" },
  { name: "the front page", request: get("/"), status: 302, header: ["Location", "/ui/login"] },
  { name: "an unknown path", request: get("/nope"), status: 404, body: notFound },
  { name: "an unknown path of REST", request: get("/auth/v1/nope"), status: 404, body: notFound },
  { name: "REST without its prefix", request: post("/users/me/tokens/refresh/_search", "a/b", "{}"), status: 404 },
  { name: "a wrong method", request: get("/auth/v1/users/me/tokens/refresh/1"), status: 405, body: notAllowed },
  { name: "a path that is no text", request: get("/auth/v1/%ff"), status: 400 },
  { name: "a path that is no text, over HTTP/2", request: get("/auth/v1/%ff"), http2: true, status: 400 },
  { name: "Connect with JSON", request: post(rpcPath, "application/json", "{}"), status: 404, body: notFound },
  { name: "Connect with protobuf", request: post(rpcPath, "application/proto", ""), status: 404, body: notFound },
  { name: "gRPC over HTTP/1.1", request: post(rpcPath, "application/grpc"), status: 404, body: notFound },
  {
    name: "gRPC with a parameter in its content type",
    request: post(rpcPath, "application/grpc;charset=utf-8"),
    http2: true,
    status: 404,
    body: notFound,
  },
  { name: "gRPC by GET", request: get(rpcPath), http2: true, status: 404, body: notFound },
  { name: "gRPC-Web of a kind that there is not", request: post(rpcPath, "application/grpc-webbed"), status: 404 },
];

describe("routes", () => {
  for (const { name, request, http2, status, header, body } of cases) {
    test(`${name}: ${status}`, async () => {
      const zitadel = await start();
      const answer = await (http2 ? sendHttp2 : sendHttp1)(zitadel.url, request);
      expect(answer.status).toBe(status);
      if (header !== undefined) expect(answer.headers).toContainEqual(header);
      if (body !== undefined) expect(Buffer.from(answer.body).toString("latin1")).toBe(body);
    });
  }
});

test("a preflight allows the methods of its protocol", async () => {
  const zitadel = await start();
  const allowed = async (path: string, method: string, name: string) => {
    const asked = [
      ["origin", "https://app.example"],
      ["access-control-request-method", method],
      ["access-control-request-headers", name],
    ] as const;
    const { headers } = await sendHttp1(zitadel.url, { method: "OPTIONS", path, headers: asked });
    return headers.find(([name]) => name.toLowerCase() === "access-control-allow-methods")?.[1];
  };
  expect(await allowed(rpcPath, "POST", "x-grpc-web")).toBe("POST");
  expect(await allowed(rpcPath, "DELETE", "x-grpc-web")).toBeUndefined();
  expect(await allowed("/v2/sessions/1", "DELETE", "authorization")).toBe("DELETE");
  expect(await allowed("/v2/sessions/1", "TRACE", "authorization")).toBeUndefined();
});

describe("a request that gRPC cannot read", () => {
  const frame = (flag: number, length: number, ...data: number[]): Uint8Array =>
    Buffer.from([flag, 0, 0, 0, length, ...data]);
  const cases: [name: string, headers: Record<string, string>, body: Uint8Array, code: string, message: string][] = [
    ["nothing", {}, new Uint8Array(), "2", "EOF"],
    ["half a prefix", {}, new Uint8Array(3), "2", "unexpected EOF"],
    ["half a message", {}, frame(0, 9, 1), "2", "unexpected EOF"],
    ["an unknown flag", {}, frame(2, 0), "13", "grpc: received unexpected payload format 2"],
    [
      "a compressed message without an encoding",
      {},
      frame(1, 0),
      "13",
      "grpc: compressed flag set with identity or empty encoding",
    ],
    [
      "a message that is not the gzip it says it is",
      { "grpc-encoding": "gzip" },
      frame(1, 3, 1, 2, 3),
      "13",
      "grpc: failed to decompress the received message: gzip: invalid header",
    ],
    [
      "an encoding that is not there",
      { "grpc-encoding": "br" },
      frame(0, 0),
      "12",
      'grpc: Decompressor is not installed for grpc-encoding "br"',
    ],
    [
      "no protobuf",
      {},
      frame(0, 2, 0xff, 0xff),
      "13",
      "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data",
    ],
    ...["1n", "0m"].map((timeout): [string, Record<string, string>, Uint8Array, string, string] => [
      `grpc-timeout: ${timeout}`,
      { "grpc-timeout": timeout },
      frame(0, 0),
      "4",
      "context deadline exceeded",
    ]),
    ["an empty grpc-timeout, which is none", { "grpc-timeout": "" }, frame(0, 0), "16", "auth header missing"],
  ];
  for (const [name, headers, body, code, message] of cases) {
    test(name, async () => {
      const zitadel = await start();
      const all = Object.entries({ "content-type": "application/grpc", ...headers });
      const request = { method: "POST", path: rpcPath, headers: all, body };
      const { trailers } = await sendHttp2(zitadel.url, request);
      expect(trailers).toMatchObject({ "grpc-status": code, "grpc-message": message });
    });
  }

  for (const value of ["5", "1234567890S", "5x", "5.5S", "-5S"]) {
    test(`grpc-timeout: ${value}`, async () => {
      const zitadel = await start();
      const headers = [["content-type", "application/grpc"] as const, ["grpc-timeout", value] as const];
      const answer = await sendHttp2(zitadel.url, { method: "POST", path: rpcPath, headers, body: new Uint8Array(5) });
      expect(answer.status).toBe(400);
      expect(Buffer.from(answer.body).toString()).toBe(`malformed grpc-timeout: "${value}"\n`);
    });
  }
});
