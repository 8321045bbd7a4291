import { gunzip, gzipSync } from "node:zlib";
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { Exchange } from "../http/exchange.js";
import type { Reply, Rpc } from "../service/rpc.js";
import type { Outcome } from "../service/run-rpc.js";
import { statusBytes, zitadelError } from "../service/zitadel-error.js";

/** grpc-go's default, which ZITADEL leaves alone. */
export const maxReceiveBytes = 4_194_304;

const prefixBytes = 5;

/** How many bytes of a body one message takes, seen from its prefix. One too large is not waited for. */
export function frameBytes(head: Uint8Array): number {
  if (head.length < prefixBytes) return prefixBytes;
  const length = Buffer.from(head).readUInt32BE(1);
  return length > maxReceiveBytes ? prefixBytes : prefixBytes + length;
}

/** Takes the first message out of a body, or says what grpc-go says about a body that holds none. */
export async function readFrame(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding !== undefined && encoding !== "identity" && encoding !== "gzip") {
    const text = `grpc: Decompressor is not installed for grpc-encoding ${JSON.stringify(encoding)}`;
    throw zitadelError(Code.Unimplemented, text);
  }
  if (body.length < prefixBytes) throw zitadelError(Code.Unknown, body.length === 0 ? "EOF" : "unexpected EOF");
  const [flag] = body;
  const length = Buffer.from(body).readUInt32BE(1);
  if (length > maxReceiveBytes) {
    const text = `grpc: received message larger than max (${length} vs. ${maxReceiveBytes})`;
    throw zitadelError(Code.ResourceExhausted, text);
  }
  if (body.length < prefixBytes + length) throw zitadelError(Code.Unknown, "unexpected EOF");
  if (flag !== 0 && flag !== 1) {
    throw zitadelError(Code.Internal, `grpc: received unexpected payload format ${flag}`);
  }
  if (flag === 1 && encoding !== "gzip") {
    throw zitadelError(Code.Internal, "grpc: compressed flag set with identity or empty encoding");
  }
  const message = body.subarray(prefixBytes, prefixBytes + length);
  return flag === 1 ? inflate(message) : message;
}

export function parseMessage(input: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(input, bytes);
  } catch (error) {
    // What TextDecoder throws.
    const isText = error instanceof TypeError;
    const why = isText ? "string field contains invalid UTF-8" : "proto: cannot parse invalid wire-format data";
    throw zitadelError(Code.Internal, `grpc: error unmarshalling request: ${why}`);
  }
}

/** The message of a reply in its frame: compressed if the request was, and not if it is empty. */
export function writeFrame({ output }: Rpc, { message }: Reply, exchange: Exchange): Uint8Array {
  const bytes = toBinary(output, message);
  const compress = isGzip(exchange) && bytes.length > 0;
  return envelope(compress ? 1 : 0, compress ? gzipSync(bytes) : bytes);
}

export function envelope(flag: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(prefixBytes + data.length);
  frame.writeUInt8(flag);
  frame.writeUInt32BE(data.length, 1);
  frame.set(data, prefixBytes);
  return frame;
}

/** `grpc-status` and what goes with it. */
export function statusTrailers(outcome: Outcome): Record<string, string> {
  if ("reply" in outcome) {
    return { ...Object.fromEntries(outcome.reply.trailer ?? []), "grpc-status": "0" };
  }
  const { error } = outcome;
  const details = statusBytes(error);
  return {
    ...(error.rawMessage && { "grpc-message": percentEncode(error.rawMessage) }),
    "grpc-status": String(error.code),
    ...(details && { "grpc-status-details-bin": Buffer.from(details).toString("base64").replace(/=+$/, "") }),
    ...Object.fromEntries(error.metadata),
  };
}

/** The headers of an answer, beside those of its protocol. */
export function replyHeaders(outcome: Outcome): Record<string, string> {
  return { "Cache-Control": "no-store", ...("reply" in outcome && Object.fromEntries(outcome.reply.header ?? [])) };
}

/** Whether the request says so: then the answer is compressed too. */
export function isGzip(exchange: Exchange): boolean {
  return exchange.header("grpc-encoding") === "gzip";
}

function inflate(message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gunzip(message, { maxOutputLength: maxReceiveBytes }, (error, data) => {
      if (error === null) {
        resolve(data);
      } else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
        const text = `grpc: received message after decompression larger than max ${maxReceiveBytes}`;
        reject(zitadelError(Code.ResourceExhausted, text));
      } else {
        reject(zitadelError(Code.Internal, "grpc: failed to decompress the received message: gzip: invalid header"));
      }
    });
  });
}

function percentEncode(text: string): string {
  return Buffer.from(text)
    .toString("latin1")
    .replace(/[^\x20-\x7e]|%/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
