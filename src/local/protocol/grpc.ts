import { Code, type ConnectError } from "@connectrpc/connect";
import { type Answer, type Exchange, textAnswer } from "../http/exchange.js";
import { findRpc, type Instance } from "../service/instance.js";
import type { RpcCall } from "../service/run-rpc.js";
import { zitadelError } from "../service/zitadel-error.js";
import { frameBytes, isGzip, parseMessage, readFrame, replyHeaders, statusTrailers, writeFrame } from "./frames.js";
import type { LocalProtocol } from "./serve-call.js";
import { parseTimeout } from "./timeout.js";

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
export async function readGrpcCall(instance: Instance, exchange: Exchange, path: string): Promise<RpcCall | Answer> {
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
