import { create, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type Any, AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";

/**
 * A failed call as ZITADEL reports it. With an id it carries `zitadel.v1.ErrorDetail`, and the id in brackets
 * behind the text; without one it is a bare status, as gRPC's own libraries make them.
 */
export function zitadelError(code: Code, text: string, id?: string, trailers?: Record<string, string>): ConnectError {
  return id === undefined
    ? new ConnectError(text, code, trailers)
    : new ConnectError(`${text} (${id})`, code, trailers, [{ desc: ErrorDetailSchema, value: { id, message: text } }]);
}

/** Throws what ZITADEL's rules for an id say of one that is too short or too long. */
export function requireLength(field: string, id: string): void {
  const length = [...id].length;
  if (length < 1 || length > 200) {
    const rule = "value length must be between 1 and 200 runes, inclusive";
    throw zitadelError(Code.InvalidArgument, `invalid ${field}: ${rule}`);
  }
}

/** The form that ZITADEL 4.11 gave to bare statuses by mistake: Unknown, with the real code inside the text. */
export function wrapBareStatus(error: ConnectError): ConnectError {
  return error.details.length === 0
    ? zitadelError(Code.Unknown, `rpc error: code = ${Code[error.code]} desc = ${error.rawMessage}`, "")
    : error;
}

/** `google.rpc.Status` in binary (code 1, message 2, details 3), which `grpc-status-details-bin` holds. */
export function statusBytes(error: ConnectError): Uint8Array | undefined {
  if (error.details.length === 0) return undefined;
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(error.code);
  writer.tag(2, WireType.LengthDelimited).string(error.rawMessage);
  for (const detail of error.details) {
    writer.tag(3, WireType.LengthDelimited).bytes(toBinary(AnySchema, packDetail(detail)));
  }
  return writer.finish();
}

/** The body of a failed REST call, as grpc-gateway writes it. */
export function statusJson({ code, rawMessage, details }: ConnectError): Record<string, unknown> {
  return {
    code,
    message: rawMessage,
    ...(details.length > 0 && {
      details: details.map((detail) => ({
        "@type": packDetail(detail).typeUrl,
        ...("desc" in detail ? (toJson(detail.desc, create(detail.desc, detail.value)) as object) : {}),
      })),
    }),
  };
}

function packDetail(detail: ConnectError["details"][number]): Any {
  return "desc" in detail
    ? anyPack(detail.desc, create(detail.desc, detail.value))
    : create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value });
}
