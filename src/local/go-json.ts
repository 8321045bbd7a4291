import type { JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RpcError } from "./rpc-error.js";

/** Reads the body of a REST call as grpc-gateway does: the first JSON value counts, which must be an object. */
export function parseGoJson(text: string): JsonValue {
  if (text.trim() === "") {
    return {};
  }
  const start = text.trimStart();
  if (start.startsWith("[")) {
    throw new RpcError(Code.InvalidArgument, "proto: syntax error (line 1:1): unexpected token [");
  }
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new RpcError(Code.InvalidArgument, "invalid character 'b' looking for beginning of object key string");
  }
}
