import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Code } from "@connectrpc/connect";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import type { Answer } from "../helpers/answer-server.js";

export type ProtocolName = "grpc" | "grpcWeb" | "rest";

const list = create(ListMyRefreshTokensResponseSchema, {
  details: { totalResult: 1n, processedSequence: 2678n },
  result: [{ id: "324567890123456789", clientId: "69629023906488335@zitadel", scopes: ["openid"] }],
});

/** A list of one token, as protobuf and as JSON. */
export const listBytes = toBinary(ListMyRefreshTokensResponseSchema, list);
export const listJson = toJsonString(ListMyRefreshTokensResponseSchema, list);

/** One length-prefixed message; `length` may lie. */
export function frame(data: Uint8Array, flags = 0, length = data.length): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, data]);
}

/** The last frame of a gRPC-Web body. */
export function trailerFrame(trailers: Record<string, string>, flags = 0x80): Uint8Array {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(Buffer.from(lines.join(""), "latin1"), flags);
}

export interface GrpcParts extends Pick<Answer, "status" | "stall" | "dripMs" | "delayMs"> {
  readonly headers?: Record<string, string | string[]>;
  readonly frames?: readonly Uint8Array[];
  /** `false`: none at all. */
  readonly trailers?: Record<string, string> | false;
  readonly trailersOnly?: boolean;
}

/** The same parts as gRPC or as gRPC-Web, whose trailers are the last frame of the body. */
export function grpcAnswer(protocol: ProtocolName, parts: GrpcParts = {}): Answer {
  const { frames = [], trailers = { "grpc-status": "0" }, trailersOnly = false, headers, ...rest } = parts;
  const type = protocol === "grpc" ? "application/grpc+proto" : "application/grpc-web+proto";
  const head = { "content-type": type, ...headers };
  const body = Buffer.concat(frames);
  if (trailers === false) return { ...rest, headers: head, body };
  if (protocol === "grpc") return { ...rest, headers: head, body, trailers, trailersOnly };
  if (trailersOnly) return { ...rest, headers: { ...head, ...trailers } };
  return { ...rest, headers: head, body: Buffer.concat([body, trailerFrame(trailers)]) };
}

/** JSON as ZITADEL's gateway sends it. */
export function jsonAnswer(body: string | Uint8Array, status = 200, headers: Record<string, string> = {}): Answer {
  return { status, headers: { "content-type": "application/json", ...headers }, body: Buffer.from(body) };
}

/** A success: the list of one token, or other bytes of the protocol's own format. */
export function okAnswer(protocol: ProtocolName, message: Uint8Array = listBytes): Answer {
  return protocol === "rest" ? jsonAnswer(listJson) : grpcAnswer(protocol, { frames: [frame(message)] });
}

export interface ErrorParts {
  readonly message?: string;
  readonly details?: readonly ErrorPart[];
  readonly headers?: Record<string, string>;
}

/** One google.protobuf.Any, and the same as grpc-gateway prints it. */
export interface ErrorPart {
  readonly typeUrl: string;
  readonly value: Uint8Array;
  readonly json: Record<string, unknown>;
}

export function errorDetail(id: string, message: string): ErrorPart {
  const value = toBinary(ErrorDetailSchema, create(ErrorDetailSchema, { id, message }));
  return { typeUrl: "type.googleapis.com/zitadel.v1.ErrorDetail", value, json: { id, message } };
}

/** google.rpc.RetryInfo: the server's wish for a delay. */
export function retryInfo(ms: number): ErrorPart {
  const seconds = Math.floor(ms / 1000);
  const nanos = (ms % 1000) * 1e6;
  const duration = new BinaryWriter().tag(1, WireType.Varint).int64(seconds).tag(2, WireType.Varint).int32(nanos);
  const value = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(duration.finish()).finish();
  return { typeUrl: "type.googleapis.com/google.rpc.RetryInfo", value, json: { retryDelay: `${ms / 1000}s` } };
}

/** The bytes of a google.rpc.Status. */
export function statusBytes(code: number, message: string, details: readonly ErrorPart[] = []): Uint8Array {
  const writer = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message);
  for (const { typeUrl, value } of details) {
    const any = new BinaryWriter().tag(1, WireType.LengthDelimited).string(typeUrl);
    any.tag(2, WireType.LengthDelimited).bytes(value);
    writer.tag(3, WireType.LengthDelimited).bytes(any.finish());
  }
  return writer.finish();
}

/** grpc-gateway's table, which ZITADEL's REST answers follow. */
const httpStatus = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/** An error as the server of that protocol sends it: at once, without a message before it. */
export function errorAnswer(protocol: ProtocolName, code: Code, parts: ErrorParts = {}): Answer {
  const { message = `because of ${code}`, details = [], headers = {} } = parts;
  if (protocol === "rest") {
    const any = details.map(({ typeUrl, json }) => ({ "@type": typeUrl, ...json }));
    const body = JSON.stringify({ code, message, details: any });
    return jsonAnswer(body, httpStatus[code] ?? 500, headers);
  }
  const trailers: Record<string, string> = { "grpc-status": String(code), "grpc-message": percentEncode(message) };
  if (details.length > 0) {
    trailers["grpc-status-details-bin"] = Buffer.from(statusBytes(code, message, details)).toString("base64");
  }
  return grpcAnswer(protocol, { trailers, trailersOnly: true, headers });
}

/** The percent-encoding of grpc-message. */
export function percentEncode(text: string): string {
  return Array.from(Buffer.from(text), (byte) =>
    byte >= 0x20 && byte <= 0x7e && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}
