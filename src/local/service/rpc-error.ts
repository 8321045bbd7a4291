import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../../../gen/zitadel/message_pb.js";

/**
 * A failed call as ZITADEL reports it. With an id it carries `zitadel.v1.ErrorDetail`, and the id in brackets
 * behind the text; without one it is a bare status, as gRPC's own libraries make them.
 */
export class RpcError extends Error {
  constructor(
    readonly code: Code,
    readonly text: string,
    readonly id?: string,
  ) {
    super(id === undefined ? text : `${text} (${id})`);
    this.name = "RpcError";
  }
}

/** The form that ZITADEL 4.11 gave to bare statuses by mistake: Unknown, with the real code inside the text. */
export function wrapBareStatus(error: RpcError): RpcError {
  return error.id === undefined
    ? new RpcError(Code.Unknown, `rpc error: code = ${Code[error.code]} desc = ${error.text}`, "")
    : error;
}

/** `google.rpc.Status` in binary (code 1, message 2, details 3), which `grpc-status-details-bin` holds. */
export function statusBytes(error: RpcError): Uint8Array | undefined {
  if (error.id === undefined) {
    return undefined;
  }
  const detail = anyPack(ErrorDetailSchema, create(ErrorDetailSchema, { id: error.id, message: error.text }));
  return new BinaryWriter()
    .tag(1, WireType.Varint)
    .int32(error.code)
    .tag(2, WireType.LengthDelimited)
    .string(error.message)
    .tag(3, WireType.LengthDelimited)
    .bytes(toBinary(AnySchema, detail))
    .finish();
}

/** The body of a failed REST call, as grpc-gateway writes it. */
export function statusJson(error: RpcError): Record<string, unknown> {
  const { code, message, id, text } = error;
  if (id === undefined) {
    return { code, message };
  }
  const detail = { "@type": `type.googleapis.com/${ErrorDetailSchema.typeName}`, ...(id && { id }), message: text };
  return { code, message, details: [detail] };
}
