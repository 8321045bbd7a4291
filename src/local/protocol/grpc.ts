import { Code, type ConnectError } from "@connectrpc/connect";
import type { Answer, Exchange } from "../http/exchange.js";
import { findRpc, type Instance } from "../service/instance.js";
import type { RpcCall } from "../service/run-rpc.js";
import { zitadelError } from "../service/zitadel-error.js";
import {
  frameBytes,
  isGzip,
  noCacheHeaders,
  parseMessage,
  readFrame,
  statusTrailers,
  textHeaders,
  writeFrame,
} from "./frames.js";
import type { LocalProtocol } from "./serve-call.js";
import { parseGrpcTimeout } from "./timeout.js";

export const grpc: LocalProtocol = {
  read(instance, exchange, path) {
    const refuse = (status: number, text: string): Answer => {
      const body = Buffer.from(`${text}\n`);
      return { status, headers: { ...textHeaders(), "Content-Length": String(body.length) }, body };
    };
    return readGrpcCall(instance, exchange, path, () => exchange.read(frameBytes), refuse);
  },
  answer: (_, exchange, outcome) => ({
    status: 200,
    headers: {
      ...noCacheHeaders(outcome),
      "Content-Type": exchange.header("content-type") ?? "",
      ...(isGzip(exchange) && { "Grpc-Encoding": "gzip" }),
      Trailer: "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin",
    },
    body: "reply" in outcome ? writeFrame(outcome.rpc, outcome.reply, exchange) : new Uint8Array(),
    trailers: statusTrailers(outcome),
  }),
};

/** Reads a call in the order in which grpc-go looks at it. gRPC-Web differs in how bytes and refusals are written. */
export async function readGrpcCall(
  instance: Instance,
  exchange: Exchange,
  path: string,
  readBody: () => Promise<Uint8Array>,
  refuse: (status: number, text: string) => Answer,
): Promise<RpcCall | Answer> {
  const contentType = exchange.header("content-type") ?? "";
  if (!/^application\/grpc(-web(-text)?)?([+;]|$)/.test(contentType)) {
    const seen = contentType.replace(/^application\/grpc-web(-text)?/, "application/grpc");
    return refuse(415, `invalid gRPC request content-type ${JSON.stringify(seen)}`);
  }
  const timeoutHeader = exchange.header("grpc-timeout");
  // Go takes an empty header for none.
  const timeout = !timeoutHeader ? Number.POSITIVE_INFINITY : parseGrpcTimeout(timeoutHeader);
  if (typeof timeout !== "number") {
    return refuse(400, `malformed grpc-timeout: ${timeout.error}`);
  }
  const deadline = performance.now() + timeout;
  const rpc = findRpc(instance, path);
  if (rpc === undefined) throw unknownRpc(instance, path);
  const request = await readFrame(await readBody(), exchange.header("grpc-encoding"), instance.release);
  return { rpc, message: parseMessage(rpc.input, request), deadline };
}

/** What gRPC answers to a path that is none of its own. */
function unknownRpc({ rpcs }: Instance, path: string): ConnectError {
  const slash = path.lastIndexOf("/");
  const service = path.slice(1, Math.max(slash, 1));
  if (slash < 1) {
    return zitadelError(Code.Unimplemented, `malformed method name: ${JSON.stringify(path)}`);
  }
  return rpcs.some((rpc) => rpc.service === service)
    ? zitadelError(Code.Unimplemented, `unknown method ${path.slice(slash + 1)} for service ${service}`)
    : zitadelError(Code.Unimplemented, `unknown service ${service}`);
}
