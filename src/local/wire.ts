import { gunzip, gzipSync } from "node:zlib";
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type LocalProtocol, type Outcome, parseTimeout, type RpcCall } from "./call.js";
import { corsHeaders, grpcWebCors, preflightHeaders } from "./cors.js";
import { type Answer, type Exchange, textAnswer } from "./exchange.js";
import { findRpc, type Instance } from "./instance.js";
import type { Release } from "./release.js";
import type { Reply, Rpc } from "./rpcs.js";
import { statusBytes, zitadelError } from "./zitadel-error.js";

export const grpc: LocalProtocol = {
  read: readGrpcCall,
  answer: (_, exchange, outcome) => ({
    status: 200,
    headers: {
      ...replyHeaders(outcome),
      "Content-Type": exchange.header("content-type") ?? "",
      ...(isGzip(exchange) && { "Grpc-Encoding": "gzip" }),
      Trailer: "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
    },
    body: "reply" in outcome ? writeFrame(outcome.rpc, outcome.reply, exchange) : new Uint8Array(),
    trailers: statusTrailers(outcome),
  }),
};

/** Reads a call in the order in which grpc-go looks at it. */
async function readGrpcCall(instance: Instance, exchange: Exchange, path: string): Promise<RpcCall | Answer> {
  const header = exchange.header("grpc-timeout");
  const timeout = parseTimeout(header);
  if (timeout === undefined) return textAnswer(400, `malformed grpc-timeout: ${JSON.stringify(header)}\n`);
  const deadline = performance.now() + timeout;
  const rpc = findRpc(instance, path);
  if (rpc === undefined) throw unknownRpc(instance, path);
  const request = await readFrame(await exchange.read(frameBytes), exchange.header("grpc-encoding"));
  return { rpc, message: parseMessage(rpc.input, request), deadline };
}

/** What gRPC answers to a path that is none of its own. */
function unknownRpc({ rpcs }: Instance, path: string): ConnectError {
  const [, service, method] = /^\/(.*)\/([^/]*)$/.exec(path) ?? [];
  const text =
    service === undefined
      ? `malformed method name: ${JSON.stringify(path)}`
      : rpcs.some((rpc) => rpc.service === service)
        ? `unknown method ${method} for service ${service}`
        : `unknown service ${service}`;
  return zitadelError(Code.Unimplemented, text);
}

/** gRPC-Web, which ZITADEL turns into gRPC. */
export const grpcWeb: LocalProtocol = {
  // A page cannot send what is refused here: CORS forbids it a `grpc-timeout`.
  read: readGrpcCall,
  answer(_, exchange, outcome) {
    const trailers = statusTrailers(outcome);
    const headers = {
      ...replyHeaders(outcome),
      "Content-Type": exchange.header("content-type") ?? "",
      ...(isGzip(exchange) && { "Grpc-Encoding": "gzip" }),
    };
    if ("error" in outcome && outcome.early) {
      return withCors(exchange, { status: 200, headers: { ...headers, ...trailers }, body: new Uint8Array() });
    }
    const message = "reply" in outcome ? [writeFrame(outcome.rpc, outcome.reply, exchange)] : [];
    return withCors(exchange, { status: 200, headers, body: Buffer.concat([...message, trailerFrame(trailers)]) });
  },
};

export function grpcWebPreflight(exchange: Exchange, release: Release): Answer {
  const headers = { ...preflightHeaders(grpcWebCors, release, exchange), Date: new Date().toUTCString() };
  return { status: 204, headers, body: new Uint8Array() };
}

/** Every header is exposed to pages, and two that are in the body. */
function withCors(exchange: Exchange, answer: Answer): Answer {
  const headers = { ...answer.headers, ...corsHeaders(grpcWebCors, exchange), Vary: "Origin" };
  // The proxy of the page may add `Date`, and the real server names it although it sends none.
  const names = [...new Set([...Object.keys(headers), "Date", "grpc-status", "grpc-message"])];
  return { ...answer, headers: { ...headers, "Access-Control-Expose-Headers": names.join(", ") } };
}

function trailerFrame(trailers: Record<string, string>): Uint8Array {
  const lines = Object.entries(trailers).sort(([a], [b]) => (a < b ? -1 : 1));
  return envelope(0x80, Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""), "latin1"));
}

/** grpc-go's default, which ZITADEL leaves alone. */
export const maxReceiveBytes = 4_194_304;

const prefixBytes = 5;

/** How many bytes of a body one message takes, seen from its prefix. One too large is not waited for. */
function frameBytes(head: Uint8Array): number {
  if (head.length < prefixBytes) return prefixBytes;
  const length = Buffer.from(head).readUInt32BE(1);
  return length > maxReceiveBytes ? prefixBytes : prefixBytes + length;
}

/** Takes the first message out of a body, or says what grpc-go says about a body that holds none. */
async function readFrame(body: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
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

function parseMessage(input: DescMessage, bytes: Uint8Array): Message {
  try {
    return fromBinary(input, bytes);
  } catch {
    const why = "proto: cannot parse invalid wire-format data";
    throw zitadelError(Code.Internal, `grpc: error unmarshalling request: ${why}`);
  }
}

/** The message of a reply in its frame: compressed if the request was, and not if it is empty. */
function writeFrame({ output }: Rpc, { message }: Reply, exchange: Exchange): Uint8Array {
  const bytes = toBinary(output, message);
  const compress = isGzip(exchange) && bytes.length > 0;
  return envelope(compress ? 1 : 0, compress ? gzipSync(bytes) : bytes);
}

function envelope(flag: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(prefixBytes + data.length);
  frame.writeUInt8(flag);
  frame.writeUInt32BE(data.length, 1);
  frame.set(data, prefixBytes);
  return frame;
}

/** `grpc-status` and what goes with it. */
function statusTrailers(outcome: Outcome): Record<string, string> {
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
function isGzip(exchange: Exchange): boolean {
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
