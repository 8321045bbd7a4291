import { fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, type ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.js";
import { fieldText, maxTextLength } from "../../http/fields.js";
import type { HttpFields, HttpHead } from "../../http/http.js";
import { answerFailure, anyDetails, httpFailure, serverFailure } from "../failures.js";

/**
 * The error that `grpc-status` and its companions say, `undefined` for OK. `fields` are trailers, or headers where
 * the answer is Trailers-Only.
 */
export function statusFailure(head: HttpHead, fields: HttpFields): ConnectError | undefined {
  const status = fieldText(fields, "grpc-status");
  // A proxy that answers in ZITADEL's place may pass on what it did not read.
  if (status === "0") return head.status < 300 ? undefined : httpFailure(head);
  if (!/^(?:[1-9]|1[0-6])$/.test(status)) {
    const message = `the server sent an invalid grpc-status "${status.slice(0, 20)}"`;
    return answerFailure(Code.Unknown, "bad-status", message, head);
  }
  const message = decodeMessage(fieldText(fields, "grpc-message", maxTextLength));
  const details = decodeDetails(fieldText(fields, "grpc-status-details-bin", maxTextLength));
  return serverFailure({ code: Number(status), message, details }, head, fields, { fromServer: true });
}

/**
 * Undoes the percent-encoding of `grpc-message`. What is not valid stays as it came: gRPC's PROTOCOL-HTTP2 forbids
 * to drop or to fail.
 */
function decodeMessage(message: string): string {
  if (!/[%\x80-\xff]/.test(message)) return message;
  // Header fields are read as Latin-1, which keeps the bytes of a message that was sent as plain UTF-8.
  const text = message.replace(/%[0-9a-f]{2}/gi, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)));
  try {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return message;
  }
}

function decodeDetails(value: string): ConnectError["details"] {
  if (value === "") return [];
  try {
    return anyDetails(fromBinary(StatusSchema, base64Decode(value.trim())));
  } catch {
    // The status itself is more than its details: what cannot be read is left out.
    return [];
  }
}
