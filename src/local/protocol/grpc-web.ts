import { corsHeaders, grpcWebCors, preflightHeaders } from "../http/cors.js";
import type { Answer, Exchange } from "../http/exchange.js";
import type { Release } from "../release.js";
import {
  envelope,
  frameBytes,
  isGzip,
  maxReceiveBytes,
  noCacheHeaders,
  statusTrailers,
  textHeaders,
  writeFrame,
} from "./frames.js";
import { readGrpcCall } from "./grpc.js";
import type { LocalProtocol } from "./serve-call.js";

/** gRPC-Web, which ZITADEL turns into gRPC. */
export const grpcWeb: LocalProtocol = {
  read(instance, exchange, path) {
    const readBody = async (): Promise<Uint8Array> => {
      if (!isText(exchange)) return exchange.read(frameBytes);
      // Base64 of a message that is just too large, so that its length can still be read.
      const text = await exchange.read(() => Math.ceil(maxReceiveBytes / 3) * 4 + 64);
      return Buffer.from(Buffer.from(text).toString("latin1"), "base64");
    };
    const refuse = (status: number, text: string): Answer => {
      const body = join(exchange, [Buffer.from(`${text}\n`), trailerFrame({})]);
      return withCors(exchange, { status, headers: textHeaders(), body });
    };
    return readGrpcCall(instance, exchange, path, readBody, refuse);
  },
  answer(_, exchange, outcome) {
    const trailers = statusTrailers(outcome);
    const headers = {
      ...noCacheHeaders(outcome),
      "Content-Type": exchange.header("content-type") ?? "",
      ...(isGzip(exchange) && { "Grpc-Encoding": "gzip" }),
    };
    if ("error" in outcome && outcome.early) {
      const early = Object.fromEntries(Object.entries(trailers).map(([name, value]) => [capitalize(name), value]));
      return withCors(exchange, { status: 200, headers: { ...headers, ...early }, body: new Uint8Array() });
    }
    const message = "reply" in outcome ? [writeFrame(outcome.rpc, outcome.reply, exchange)] : [];
    return withCors(exchange, { status: 200, headers, body: join(exchange, [...message, trailerFrame(trailers)]) });
  },
};

export function grpcWebPreflight(exchange: Exchange, release: Release): Answer {
  const headers = { ...preflightHeaders(grpcWebCors, release, exchange), Date: new Date().toUTCString() };
  return { status: 204, headers, body: new Uint8Array() };
}

function isText(exchange: Exchange): boolean {
  return exchange.header("content-type")?.startsWith("application/grpc-web-text") ?? false;
}

/** Every header is exposed to pages, and two that are in the body. */
function withCors(exchange: Exchange, answer: Answer): Answer {
  const headers = { ...answer.headers, ...corsHeaders(grpcWebCors, exchange), Vary: "Origin" };
  const sent = Object.keys(headers).filter((name) => name !== "Date");
  // The proxy of the page may add `Date`, and the real server names it although it sends none.
  const names = [...sent, "X-Robots-Tag", ...(answer.status === 200 ? ["Date"] : []), "grpc-status", "grpc-message"];
  return { ...answer, headers: { ...headers, "Access-Control-Expose-Headers": names.join(", ") } };
}

function trailerFrame(trailers: Record<string, string>): Uint8Array {
  const lines = Object.entries(trailers).sort(([a], [b]) => (a < b ? -1 : 1));
  return envelope(0x80, Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""), "latin1"));
}

/** Each part of a text body is padded by itself, as the real server flushes them one by one. */
function join(exchange: Exchange, parts: Uint8Array[]): Uint8Array {
  return isText(exchange)
    ? Buffer.from(parts.map((part) => Buffer.from(part).toString("base64")).join(""))
    : Buffer.concat(parts);
}

function capitalize(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
