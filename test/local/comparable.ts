import { gunzipSync } from "node:zlib";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { ListMyRefreshTokensResponseSchema, RevokeMyRefreshTokenResponseSchema } from "../../gen/zitadel/auth_pb.js";
import type { WireAnswer } from "./trace.js";

const httpDate = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/;
const dates = ["date", "expires", "grpc-metadata-expires"];

/**
 * An answer as far as it means something: JSON by value, gRPC by message and trailers, and without what differs from
 * answer to answer of the same server.
 */
export function comparable(answer: WireAnswer, isRevoke: boolean): object {
  const { status, trailers } = answer;
  const fields = answer.headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    // Whether two fields or one with two values: Node's HTTP/2 client joins them.
    if (lower === "vary" || lower === "trailer" || lower === "access-control-expose-headers") {
      return value.split(/, */).map((one) => [name, lower === "vary" ? one : one.toLowerCase()]);
    }
    if (dates.includes(lower) && httpDate.test(value)) return [[name, "a date"]];
    if (lower === "transfer-encoding") return [];
    // Go counts what it writes at once, some 2 KiB, and chunks the rest; the spaces of its JSON are random.
    if (lower === "content-length") return answer.body.length < 1500 && !answer.isCut ? [[name, "a length"]] : [];
    // Go puts one of two spaces there, lest anybody rely on the text.
    return [[name, lower === "grpc-message" ? value.replace("proto:%C2%A0", "proto: ") : value]];
  });
  const headers = fields.map(([name, value]) => `${name}: ${value}`).sort();
  const body = answer.isCut ? "only its beginning is known" : readBody(answer, isRevoke);
  const text = trailers["grpc-message"]?.replace("proto:%C2%A0", "proto: ");
  return { status, headers, trailers: { ...trailers, ...(text && { "grpc-message": text }) }, body };
}

function readBody(answer: WireAnswer, isRevoke: boolean): unknown {
  const type = answer.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const body = Buffer.from(answer.body);
  // The health checks of /debug say that they are JSON.
  if (body.length > 0 && type === "application/json" && body.toString() !== "ok") {
    return withoutOrder(JSON.parse(body.toString()));
  }
  if (answer.status !== 200 || !type.toLowerCase().startsWith("application/grpc")) return body.toString("latin1");
  if (!type.toLowerCase().startsWith("application/grpc-web-text")) return readFrames(body, isRevoke);
  // Each part is padded by itself.
  const parts = body.toString().match(/[^=]+=*/g) ?? [];
  return readFrames(Buffer.concat(parts.map((part) => Buffer.from(part, "base64"))), isRevoke);
}

function readFrames(body: Buffer, isRevoke: boolean): unknown[] {
  const frames: unknown[] = [];
  for (let rest = body; rest.length > 0; ) {
    const flag = rest[0] ?? 0;
    const length = rest.readUInt32BE(1);
    const raw = rest.subarray(5, 5 + length);
    const data = flag === 1 ? gunzipSync(raw) : raw;
    frames.push({ flag, data: flag === 0x80 ? data.toString() : readMessage(data, isRevoke) });
    rest = rest.subarray(5 + length);
  }
  return frames;
}

/** Lists of tokens and revokes by value; what belongs to another method by byte. */
function readMessage(data: Uint8Array, isRevoke: boolean): unknown {
  const hex = Buffer.from(data).toString("hex");
  const schema = isRevoke ? RevokeMyRefreshTokenResponseSchema : ListMyRefreshTokensResponseSchema;
  try {
    return data.length < 5 ? hex : withoutOrder(toJson(schema, fromBinary(schema, data)));
  } catch {
    return hex;
  }
}

/** ZITADEL promises no order of tokens; the numbers of its events are its own; the local clock counts in ms. */
function withoutOrder(json: unknown): unknown {
  const text = JSON.stringify(json, (key, value) => {
    if (key === "result" && Array.isArray(value)) return value.sort((a, b) => (a.id < b.id ? -1 : 1));
    if ((key === "viewTimestamp" || key === "changeDate") && typeof value === "string") {
      return value.replace(/(\.\d{3})\d+Z$/, "$1Z");
    }
    // What is wrong with JSON is said in other words.
    if (key === "message" && /^(invalid character|unexpected EOF|proto:\s|invalid JSON)/.test(value)) return "no JSON";
    return key === "processedSequence" || key === "sequence" ? "a number" : value;
  });
  return JSON.parse(text);
}
