import type { Exchange, Reply } from "../http/exchange.js";
import type { Instance } from "../service/instance.js";
import { RpcError } from "../service/rpc-error.js";
import { findRpc, unknownRpc } from "../service/rpcs.js";
import { type Outcome, settle } from "../service/settle.js";
import { frameBytes, isGzip, noCacheHeaders, parseRequest, readFrame, statusTrailers, writeFrame } from "./frames.js";
import { parseGrpcTimeout } from "./timeout.js";

/** What differs between gRPC and gRPC-Web, which ZITADEL turns into gRPC. */
export interface GrpcVariant {
  /** Reads the bytes of the request's frames. */
  read(exchange: Exchange): Promise<Uint8Array>;
  reply(exchange: Exchange, outcome: Outcome): Reply;
  /** An answer of the HTTP layer: status and text. */
  refuse(exchange: Exchange, status: number, text: string): Reply;
}

export const grpc: GrpcVariant = {
  read: (exchange) => exchange.read(frameBytes),
  reply: (exchange, outcome) => ({
    status: 200,
    headers: {
      ...noCacheHeaders(outcome),
      "Content-Type": exchange.header("content-type") ?? "",
      ...(isGzip(exchange) && { "Grpc-Encoding": "gzip" }),
      Trailer: "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
    },
    body: "answer" in outcome ? writeFrame(outcome.answer, isGzip(exchange)) : new Uint8Array(),
    trailers: statusTrailers(outcome),
  }),
  refuse: (_, status, text) => {
    const body = Buffer.from(`${text}\n`);
    return { status, headers: { ...plainTextHeaders(), "Content-Length": String(body.length) }, body };
  },
};

export function plainTextHeaders(): Record<string, string> {
  return {
    "Content-Type": "text/plain; charset=utf-8",
    Date: new Date().toUTCString(),
    "X-Content-Type-Options": "nosniff",
  };
}

/** Serves one call, in the order in which grpc-go looks at it. */
export async function serveGrpc(
  variant: GrpcVariant,
  instance: Instance,
  exchange: Exchange,
  path: string,
): Promise<void> {
  const contentType = exchange.header("content-type") ?? "";
  if (!/^application\/grpc(-web(-text)?)?([+;]|$)/.test(contentType)) {
    const seen = contentType.replace(/^application\/grpc-web(-text)?/, "application/grpc");
    exchange.send(variant.refuse(exchange, 415, `invalid gRPC request content-type ${JSON.stringify(seen)}`));
    return;
  }
  const timeoutHeader = exchange.header("grpc-timeout");
  const timeout = timeoutHeader === undefined ? Infinity : parseGrpcTimeout(timeoutHeader);
  if (typeof timeout !== "number") {
    exchange.send(variant.refuse(exchange, 400, `malformed grpc-timeout: ${timeout.error}`));
    return;
  }
  const deadline = performance.now() + timeout;
  const rpc = findRpc(path);
  try {
    if (rpc === undefined) {
      throw unknownRpc(path);
    }
    const request = await readFrame(await variant.read(exchange), exchange.header("grpc-encoding"));
    const run = parseRequest(() => rpc.fromBinary(request));
    const reply = (outcome: Outcome): Reply => variant.reply(exchange, outcome);
    await settle(instance, exchange, { rpc, run, deadline, origin: undefined, reply });
  } catch (error) {
    if (!(error instanceof RpcError)) {
      throw error;
    }
    exchange.send(variant.reply(exchange, { error, early: true }));
  }
}
