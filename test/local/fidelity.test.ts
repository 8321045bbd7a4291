import { gunzipSync } from "node:zlib";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { grpcRequests, recordedAt, users, webRequests } from "./recorded-requests.js";
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
    what: "the text of what is wrong with JSON",
    why: "it would take Go's scanner to spell it, and nobody can act on it",
    json: (key, value, title) => (key === "message" && /^REST (bad json|json array)$/.test(title) ? "a text" : value),
  },
  {
    what: "an upgrade to h2c is not made: the request is answered over HTTP/1.1",
    why: "Node's http2 cannot take over an upgraded connection, and HTTP/2 has dropped the upgrade (RFC 9113)",
  },
];

const httpDate = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;

describe("the local ZITADEL answers as the recorded one", () => {
  if (!haveTraces) {
    test.skip("there are no recorded answers here: REFERENCE_DIR names no folder that holds them", () => {});
    return;
  }

  const curl = readTraces("rest.txt");
  for (const trace of curl) {
    test(trace.title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const answer = await sendHttp1(zitadel.url, readCurl(trace.lines[0] ?? ""));
      expectSame(trace, answer, readCurlAnswer(trace.lines.slice(1)));
    });
  }

  const grpc = readTraces("grpc.txt");
  for (const trace of grpc) {
    test(trace.title, async () => {
      const zitadel = await start({ users, now: () => new Date(recordedAt) });
      const request = grpcRequests[trace.title.replace(/^GRPC /, "")];
      expect(request).toBeDefined();
      expectSame(trace, await sendHttp2(zitadel.url, request as WireRequest), readGrpcAnswer(trace.lines));
    });
  }

  const web = readTraces("grpcweb.txt");
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
