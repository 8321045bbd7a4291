import { corsHeaders, grpcWebCors, preflightHeaders } from "../http/cors.js";
import type { Answer, Exchange } from "../http/exchange.js";
import type { Release } from "../release.js";
import { envelope, isGzip, replyHeaders, statusTrailers, writeFrame } from "./frames.js";
import { readGrpcCall } from "./grpc.js";
import type { LocalProtocol } from "./serve-call.js";

/** gRPC-Web, which ZITADEL turns into gRPC. */
export const grpcWeb: LocalProtocol = {
  async read(instance, exchange, path) {
    const call = await readGrpcCall(instance, exchange, path);
    return "status" in call ? withCors(exchange, call) : call;
  },
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
