import { gunzipSync, gzipSync } from "node:zlib";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import type { LocalUserOptions } from "../../src/local/local-zitadel.js";
import { start } from "./start-local.js";
import {
  haveTraces,
  readCurl,
  readCurlAnswer,
  readGrpcAnswer,
  readTraces,
  type Trace,
  type WireAnswer,
} from "./trace.js";
import { sendHttp1, sendHttp2, type WireRequest } from "./wire-request.js";

/** Where the local server answers otherwise than the recorded one, on purpose, and what that leaves to compare. */
const differences: {
  what: string;
  why: string;
  headers?(headers: WireAnswer["headers"], answer: WireAnswer): WireAnswer["headers"];
  json?(key: string, value: unknown, title: string): unknown;
}[] = [
  {
    what: "`date` and `expires` are any HTTP date",
    why: "both are the time of the answer",
    headers: (headers) =>
      headers.map(([name, value]) => [name, isDateHeader(name) && httpDate.test(value) ? "an HTTP date" : value]),
  },
  {
    what: "`content-length` of JSON is any length",
    why: "JSON is compared by value: the real server may put spaces in it, and its timestamps are longer",
    headers: (headers, answer) =>
      headers.map(([name, value]) => [
        name,
        name.toLowerCase() === "content-length" && isJson(answer) && /^\d+$/.test(value) ? "a length" : value,
      ]),
  },
  {
    what: "`vary` is compared name by name",
    why: "Node's HTTP/2 client joins repeated headers before anybody can see that they were two",
    headers: (headers) => headers.flatMap(splitVary),
  },
  {
    what: "the order of headers, and of names among the exposed ones",
    why: "it means nothing, and the real server changes it from answer to answer",
    headers: (headers) =>
      headers
        .map(([name, value]): [string, string] => [
          name,
          name.toLowerCase() === "access-control-expose-headers"
            ? value.toLowerCase().split(", ").sort().join(", ")
            : value,
        ])
        .sort(([a, x], [b, y]) => (`${a}:${x}` < `${b}:${y}` ? -1 : 1)),
  },
  {
    what: "the order of tokens",
    why: "ZITADEL promises none, and the local server sees to it that no app relies on one",
    json: (key, value) =>
      key === "result" && Array.isArray(value) ? value.sort((a, b) => (a.id < b.id ? -1 : 1)) : value,
  },
  {
    what: "timestamps count to milliseconds",
    why: "JavaScript's clock has no microseconds",
    json: (_, value) => (typeof value === "string" ? value.replace(/(T\d\d:\d\d:\d\d\.\d{3})\d+Z$/, "$1Z") : value),
  },
  {
    what: "the sequence of a revoke is any number",
    why: "the recorded server answers 5 to every revoke, the local one counts on",
    json: (key, value, title) =>
      title === "REST revoke ok" && key === "sequence" && /^\d+$/.test(String(value)) ? "a number" : value,
  },
  {
    what: "an upgrade to h2c is not made: the request is answered over HTTP/1.1",
    why: "Node's http2 cannot take over an upgraded connection, and HTTP/2 has dropped the upgrade (RFC 9113)",
  },
];

const httpDate = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;

const recordedAt = "2025-08-01T08:45:00.123456Z";

/** The users of the recorded server, whose tokens are their names. */
const users: LocalUserOptions[] = [
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
const grpcRequests: Record<string, WireRequest> = {
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
const webRequests: Record<string, { http2?: true; request: WireRequest }> = {
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

const describeTraces = haveTraces ? describe : describe.skip;

describeTraces("the local ZITADEL answers as the recorded one", () => {
  const curl = haveTraces ? readTraces("rest.txt") : [];
  for (const trace of curl) {
    test(trace.title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const answer = await sendHttp1(zitadel.url, readCurl(trace.lines[0] ?? ""));
      expectSame(trace, answer, readCurlAnswer(trace.lines.slice(1)));
    });
  }

  const grpc = haveTraces ? readTraces("grpc.txt") : [];
  for (const trace of grpc) {
    test(trace.title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const request = grpcRequests[trace.title.replace(/^GRPC /, "")];
      expect(request).toBeDefined();
      expectSame(trace, await sendHttp2(zitadel.url, request as WireRequest), readGrpcAnswer(trace.lines));
    });
  }

  const web = haveTraces ? readTraces("grpcweb.txt") : [];
  for (const trace of web) {
    test(trace.title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const known = webRequests[trace.title];
      expect(known).toBeDefined();
      const { request, http2 } = known as { request: WireRequest; http2?: true };
      const answer = await (http2 ? sendHttp2 : sendHttp1)(zitadel.url, request);
      expectSame(trace, answer, readCurlAnswer(trace.lines));
    });
  }
});

function expectSame(trace: Trace, actual: WireAnswer, recorded: WireAnswer): void {
  if (recorded.bodyLength !== undefined && recorded.bodyLength > recorded.body.length) {
    expectSameBeginning(actual.body, recorded);
    expectSame(trace, { ...actual, body: new Uint8Array() }, { ...recorded, body: new Uint8Array(), bodyLength: 0 });
    return;
  }
  expect(readable(trace, actual)).toEqual(readable(trace, recorded));
}

/** The recorder kept the first 200 bytes of a long body. */
function expectSameBeginning(actual: Uint8Array, recorded: WireAnswer): void {
  expect(actual.length).toBe(recorded.bodyLength);
  // The nanoseconds of the view timestamp, which the local clock has as milliseconds.
  const hex = Buffer.from(actual).toString("hex").replace("10c0a9d33a", "108094ef3a");
  expect(hex.slice(0, recorded.body.length * 2)).toBe(Buffer.from(recorded.body).toString("hex"));
}

/** Bodies by meaning: JSON by value, gRPC by message and trailers. */
function readable({ title }: Trace, answer: WireAnswer): unknown {
  const { status, trailers } = answer;
  // Over HTTP/2, which the recorded server was upgraded to, names have no capitals.
  const upgraded = title === "REST via h2c upgrade";
  const given = answer.headers.map(([name, value]) => [upgraded ? name.toLowerCase() : name, value] as const);
  const headers = differences.reduce<WireAnswer["headers"]>(
    (changed, { headers }) => headers?.(changed, answer) ?? changed,
    given,
  );
  const json = JSON.stringify(readBody(answer), (key, value) =>
    differences.reduce<unknown>((changed, { json }) => (json ? json(key, changed, title) : changed), value),
  );
  return { status, headers, trailers, body: JSON.parse(json) };
}

function readBody(answer: WireAnswer): unknown {
  const type = contentType(answer);
  if (isJson(answer)) {
    return JSON.parse(textOf(answer));
  }
  if (!type.startsWith("application/grpc")) {
    return Buffer.from(answer.body).toString("latin1");
  }
  if (type.startsWith("application/grpc-web-text")) {
    // Each part is padded by itself.
    const parts = textOf(answer).match(/[^=]+=*/g) ?? [];
    return readFrames(Buffer.concat(parts.map((part) => Buffer.from(part, "base64"))));
  }
  return readFrames(answer.body);
}

function readFrames(body: Uint8Array): unknown[] {
  const frames: unknown[] = [];
  for (let rest = Buffer.from(body); rest.length > 0; ) {
    const flag = rest[0] ?? 0;
    const length = rest.readUInt32BE(1);
    const raw = rest.subarray(5, 5 + length);
    const data = flag === 1 ? gunzipSync(raw) : raw;
    frames.push({ flag, data: flag === 0x80 ? data.toString() : readMessage(data) });
    rest = rest.subarray(5 + length);
  }
  return frames;
}

/** Lists of tokens by value; the short messages of health checks by byte. */
function readMessage(data: Uint8Array): unknown {
  return data.length < 5
    ? Buffer.from(data).toString("hex")
    : toJson(ListMyRefreshTokensResponseSchema, fromBinary(ListMyRefreshTokensResponseSchema, data));
}

function contentType(answer: WireAnswer): string {
  return answer.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
}

function isJson(answer: WireAnswer): boolean {
  return contentType(answer) === "application/json";
}

function splitVary([name, value]: readonly [string, string]): [string, string][] {
  const names = name.toLowerCase() === "vary" && !value.includes("Access-Control") ? value.split(", ") : [value];
  return names.map((one) => [name, one]);
}

function isDateHeader(name: string): boolean {
  return ["date", "expires", "grpc-metadata-expires"].includes(name.toLowerCase());
}

function textOf(answer: WireAnswer): string {
  return Buffer.from(answer.body).toString();
}
