import { gzipSync } from "node:zlib";
import type { LocalUserOptions } from "../../src/testing.js";
import type { WireRequest } from "./wire-request.js";

export const recordedAt = "2025-08-01T08:45:00.123456Z";

/** The users of the recorded server, whose tokens are their names. */
export const users: LocalUserOptions[] = [
  { token: "zero", tokens: 0 },
  { token: "one", tokens: 1 },
  { token: "two", tokens: 2 },
].map(({ token, tokens }) => ({
  token,
  resourceOwner: "69629023906488334",
  allowedOrigins: ["https://app.example"],
  refreshTokens: Array.from({ length: tokens }, (_, i) => ({
    id: String(324567890123456789n + BigInt(i)),
    clientId: "69629023906488335@zitadel",
    authTime: "2025-08-01T08:45:00Z",
    creationDate: recordedAt,
    changeDate: "2025-08-01T09:45:00.123456Z",
    idleExpiration: "2025-08-31T08:45:00.123456Z",
    expiration: "2025-10-30T08:45:00.123456Z",
    scopes: ["openid", "offline_access"],
    audience: ["69629023906488335@zitadel", "69629023906481256"],
    sequence: 100 + i,
  })),
}));

const service = "/zitadel.auth.v1.AuthService";
const emptyFrame = Buffer.from([0, 0, 0, 0, 0]);
const revokeNope = Buffer.from("00000000060a046e6f7065", "hex");

function grpcRequest(
  path: string,
  token: string | undefined,
  headers: Record<string, string> = {},
  body: Uint8Array = emptyFrame,
): WireRequest {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const all = { "content-type": "application/grpc", te: "trailers", ...authorization, ...headers };
  const kept = Object.entries(all).filter(([, value]) => value !== "");
  return { method: "POST", path, headers: kept, body };
}

/** What was sent for each section of grpc.txt, which holds only the answers. */
export const grpcRequests: Record<string, WireRequest> = {
  "list one": grpcRequest(`${service}/ListMyRefreshTokens`, "one"),
  "list zero +proto": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", {
    "content-type": "application/grpc+proto",
  }),
  "no te": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", { te: "" }),
  "no auth": grpcRequest(`${service}/ListMyRefreshTokens`, undefined),
  "bad token": grpcRequest(`${service}/ListMyRefreshTokens`, "nope"),
  "revoke not found": grpcRequest(`${service}/RevokeMyRefreshToken`, "two", {}, revokeNope),
  "revoke all none": grpcRequest(`${service}/RevokeAllMyRefreshTokens`, "zero"),
  "unknown method": grpcRequest(`${service}/Nope`, "zero"),
  "unknown service": grpcRequest("/zitadel.nope.v1.X/Nope", "zero"),
  "grpc-timeout 1n": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", { "grpc-timeout": "1n" }),
  "malformed timeout": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", { "grpc-timeout": "abc" }),
  "no body": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", {}, new Uint8Array()),
  "compressed flag w/o encoding": grpcRequest(
    `${service}/ListMyRefreshTokens`,
    "zero",
    {},
    Buffer.from([1, 0, 0, 0, 0]),
  ),
  "gzip request": grpcRequest(
    `${service}/ListMyRefreshTokens`,
    "two",
    { "grpc-encoding": "gzip", "grpc-accept-encoding": "gzip" },
    gzipFrame(new Uint8Array()),
  ),
  "accept gzip only": grpcRequest(`${service}/ListMyRefreshTokens`, "two", { "grpc-accept-encoding": "gzip" }),
  "unknown encoding": grpcRequest(`${service}/ListMyRefreshTokens`, "two", { "grpc-encoding": "br" }),
  "content-type with charset (not matched -> gateway)": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", {
    "content-type": "application/grpc;charset=utf-8",
    te: "",
  }),
  "+json": grpcRequest(`${service}/ListMyRefreshTokens`, "zero", { "content-type": "application/grpc+json" }),
  health: grpcRequest("/grpc.health.v1.Health/Check", undefined),
  "health service": grpcRequest(
    "/grpc.health.v1.Health/Check",
    undefined,
    {},
    Buffer.concat([Buffer.from([0, 0, 0, 0, 29, 0x0a, 27]), Buffer.from("zitadel.auth.v1.AuthService")]),
  ),
  "message too large (header says 5MiB)": grpcRequest(
    `${service}/ListMyRefreshTokens`,
    "zero",
    {},
    Buffer.from([0, 0, 0x50, 0, 0]),
  ),
};

function webRequest(
  path: string,
  token: string | undefined,
  headers: Record<string, string> = {},
  body: string | Uint8Array = emptyFrame,
): WireRequest {
  const { te: _, ...rest } = Object.fromEntries(grpcRequest(path, token).headers ?? []);
  const all = { ...rest, "content-type": "application/grpc-web+proto", "x-grpc-web": "1", ...headers };
  return { method: "POST", path, headers: Object.entries(all).filter(([, value]) => value !== ""), body };
}

const origin = "https://app.example";

/** The same for grpcweb.txt. */
export const webRequests: Record<string, { http2?: true; request: WireRequest }> = {
  "GRPC-WEB list two (origin)": { request: webRequest(`${service}/ListMyRefreshTokens`, "two", { origin }) },
  "GRPC-WEB list zero": { request: webRequest(`${service}/ListMyRefreshTokens`, "zero", { origin }) },
  "GRPC-WEB evil origin still OK (no origin check on grpc-web)": {
    request: webRequest(`${service}/ListMyRefreshTokens`, "zero", { origin: "https://evil.example" }),
  },
  "GRPC-WEB no auth": { request: webRequest(`${service}/ListMyRefreshTokens`, undefined, { origin }) },
  "GRPC-WEB bad token (details)": { request: webRequest(`${service}/ListMyRefreshTokens`, "nope", { origin }) },
  "GRPC-WEB application/grpc-web (no subtype), no x-grpc-web, no origin": {
    request: webRequest(`${service}/ListMyRefreshTokens`, "zero", {
      "content-type": "application/grpc-web",
      "x-grpc-web": "",
    }),
  },
  "GRPC-WEB unknown method (trailers-only)": { request: webRequest(`${service}/Nope`, "zero", { origin }) },
  "GRPC-WEB unknown service": { request: webRequest("/zitadel.nope.v1.Nope/X", "zero") },
  "GRPC-WEB empty body (no frame)": { request: webRequest(`${service}/ListMyRefreshTokens`, "zero", {}, "") },
  "GRPC-WEB junk protobuf": {
    request: webRequest(
      `${service}/RevokeMyRefreshToken`,
      "zero",
      {},
      Buffer.from([0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff]),
    ),
  },
  "GRPC-WEB-TEXT zero": {
    request: webRequest(
      `${service}/ListMyRefreshTokens`,
      "zero",
      { "content-type": "application/grpc-web-text" },
      emptyFrame.toString("base64"),
    ),
  },
  "GRPC-WEB bad grpc-timeout": {
    request: webRequest(`${service}/ListMyRefreshTokens`, "zero", { "grpc-timeout": "xx" }),
  },
  "GRPC-WEB revoke not found": { request: webRequest(`${service}/RevokeMyRefreshToken`, "two", {}, revokeNope) },
  "GRPC over HTTP/1.1 (application/grpc) -> gateway 404": {
    request: webRequest(`${service}/ListMyRefreshTokens`, "zero", { "content-type": "application/grpc" }),
  },
  "GRPC-WEB over h2c": {
    http2: true,
    request: webRequest(`${service}/ListMyRefreshTokens`, "zero", { origin }),
  },
  "REST over h2c": { http2: true, request: restList("zero") },
  "REST via h2c upgrade": {
    request: restList("zero", [
      ["connection", "Upgrade, HTTP2-Settings"],
      ["upgrade", "h2c"],
      ["http2-settings", "AAMAAABkAAQAoAAAAAIAAAAA"],
    ]),
  },
};

function restList(token: string, more: [string, string][] = []): WireRequest {
  const headers: [string, string][] = [
    ["authorization", `Bearer ${token}`],
    ["content-type", "application/json"],
  ];
  return {
    method: "POST",
    path: "/auth/v1/users/me/tokens/refresh/_search",
    headers: [...headers, ...more],
    body: "{}",
  };
}

function gzipFrame(message: Uint8Array): Uint8Array {
  const data = gzipSync(message);
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}
