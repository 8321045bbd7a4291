import {
  create,
  createRegistry,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import type { Code } from "@connectrpc/connect";
import type { RecordedAnswer } from "./recorded-answers.js";

/** An answer as a service thinks of it, before any protocol. */
export interface Answer {
  /** Ignored where there is an error. */
  readonly message?: readonly [DescMessage, Message];
  readonly error?: {
    readonly code: Code;
    readonly message: string;
    readonly details?: readonly (readonly [DescMessage, Message])[];
  };
  /** Values of names that end in `-bin` are base64. */
  readonly headers?: Readonly<Record<string, string>>;
  /** REST has none. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** A field that no schema has goes along. */
  readonly unknownField?: boolean;
}

/** Puts an answer on the wire as ZITADEL does, apart from the headers that say nothing of the call. */
export function encodeAnswer(protocol: RecordedAnswer["protocol"], answer: Answer): RecordedAnswer {
  const name = "made up";
  const headers = Object.entries(answer.headers ?? {});
  if (protocol === "rest") {
    return {
      name,
      protocol,
      status: answer.error ? 400 : 200,
      headers: [["content-type", "application/json"], ...headers],
      body: Buffer.from(JSON.stringify(restBody(answer))),
    };
  }
  const trailers = { ...status(answer), ...answer.trailers };
  const body = answer.error ? Buffer.alloc(0) : envelope(0, messageBytes(answer));
  if (protocol === "grpc") {
    return { name, protocol, status: 200, headers: [["content-type", "application/grpc"], ...headers], body, trailers };
  }
  const lines = Object.entries(trailers).map(([key, value]) => `${key}: ${value}\r\n`);
  return {
    name,
    protocol,
    status: 200,
    headers: [["content-type", "application/grpc-web+proto"], ...headers],
    body: Buffer.concat([body, envelope(0x80, Buffer.from(lines.join("")))]),
  };
}

function envelope(flags: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(data.length, 1);
  return Buffer.concat([head, data]);
}

function messageBytes({ message, unknownField }: Answer): Uint8Array {
  const bytes = message ? toBinary(...(message as [DescMessage, Message])) : new Uint8Array();
  const more = unknownField ? new BinaryWriter().tag(999, WireType.LengthDelimited).string("new").finish() : [];
  return new Uint8Array([...bytes, ...more]);
}

// The three trailers of gRPC; details as a google.rpc.Status of code 1, message 2, details 3.
function status({ error }: Answer): Record<string, string> {
  if (!error) return { "grpc-status": "0" };
  const { code, message, details = [] } = error;
  const writer = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(code)
    .tag(2, WireType.LengthDelimited)
    .string(message);
  for (const [desc, value] of details) {
    writer.tag(3, WireType.LengthDelimited).bytes(toBinary(AnySchema, anyPack(desc, value)));
  }
  return {
    "grpc-status": String(code),
    "grpc-message": encodeURIComponent(message),
    ...(details.length > 0 && {
      "grpc-status-details-bin": Buffer.from(writer.finish()).toString("base64").replaceAll("=", ""),
    }),
  };
}

function restBody({ message, error, unknownField }: Answer): JsonValue {
  if (error) {
    const { code, message, details = [] } = error;
    const registry = createRegistry(...details.map(([desc]) => desc));
    const any = details.map(([desc, value]) => toJson(AnySchema, anyPack(desc, value), { registry }));
    return { code, ...(message && { message }), ...(any.length > 0 && { details: any }) };
  }
  const json = message ? (toJson(...(message as [DescMessage, Message])) as JsonObject) : {};
  return unknownField ? { ...json, newField: { deep: ["new"] } } : json;
}

/** A message to put into an answer, with its schema. */
export function of<Desc extends DescMessage>(
  desc: Desc,
  init: Parameters<typeof create<Desc>>[1],
): readonly [DescMessage, Message] {
  return [desc, create(desc, init)];
}
