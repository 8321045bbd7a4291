import { type DescMessage, type DescMethodUnary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { HttpRequest } from "../../http/http.js";
import type { RequestContext } from "../protocol.js";
import { encodeEnvelope } from "./envelope.js";

/**
 * The request of gRPC and of gRPC-Web, which differ in `protocolHeaders`. From a browser to another origin it has no
 * `grpc-` header: ZITADEL's CORS rules refuse them.
 */
export function grpcRequest<I extends DescMessage>(
  method: DescMethodUnary<I>,
  message: MessageShape<I>,
  context: RequestContext,
  protocolHeaders: Record<string, string>,
): HttpRequest {
  // Not by spread syntax: adding to what that makes is 15 times slower in V8, 4 µs a call.
  const headers: Record<string, string> = Object.assign({}, protocolHeaders, context.headers);
  if (!context.crossOrigin) {
    if (context.acceptGzip) headers["grpc-accept-encoding"] = "gzip";
    // At most 3,600,000: within the eight digits that gRPC allows.
    if (context.timeoutMs !== undefined) headers["grpc-timeout"] = `${context.timeoutMs}m`;
    if (context.previousAttempts > 0) headers["grpc-previous-rpc-attempts"] = `${context.previousAttempts}`;
  }
  return {
    method: "POST",
    path: `${context.prefix}/${method.parent.typeName}/${method.name}`,
    headers,
    body: encodeEnvelope(toBinary(method.input, message)),
  };
}
