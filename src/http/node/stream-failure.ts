import { type ClientHttp2Stream, constants } from "node:http2";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { FailureReason } from "../../errors.js";
import { failure } from "../../failure.js";
import type { HttpHead } from "../http.js";
import { networkFailure } from "../network-failure.js";
import { notHttp2 } from "./network-fault.js";
import type { Http2Session } from "./session.js";

/** What is known of a stream that closed without a whole answer. */
export interface FailedStream {
  readonly session: Http2Session;
  /** What the session had read when the request was made. */
  readonly bytesBefore: number;
  readonly head?: HttpHead;
  readonly error?: Error;
}

/** Its error, by the table of gRPC's PROTOCOL-HTTP2, "Errors", for every protocol. */
export function streamFailure(stream: ClientHttp2Stream, failed: FailedStream): ConnectError {
  const { session, bytesBefore, head, error: cause } = failed;
  const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
  // Node could not open it, since its numbers have run out.
  if (stream.id === undefined) session.retire();
  const unprocessed = session.whyUnprocessed(stream.id);
  if (unprocessed) return networkFailure(unprocessed.fault, cause ?? unprocessed.cause, unprocessed.event);
  // After the head it is no longer true.
  if (code === constants.NGHTTP2_REFUSED_STREAM && !head && !session.hadRefusal) {
    if (session.bytesRead === bytesBefore) session.refused();
    const message = "the server did not take the request (REFUSED_STREAM)";
    return networkFailure({ reason: "rst-refused-stream", message, repeat: "refused" }, cause);
  }
  if (session.isDead) {
    const end = session.whyDead(cause);
    return networkFailure(end.fault, end.cause, end.event);
  }
  const name = resetNames[code] ?? `code-${code}`;
  const reason: FailureReason = `rst-${name}`;
  const message = `${resetters[code] ?? "the server reset the stream"} (${name})`;
  const note = { reason, ...(head && { httpStatus: head.status }) };
  switch (code) {
    case constants.NGHTTP2_NO_ERROR:
      return networkFailure({ reason, message: `${message} without an answer` }, cause);
    case constants.NGHTTP2_REFUSED_STREAM:
      return networkFailure({ reason, message }, cause);
    case constants.NGHTTP2_CANCEL:
      return failure(Code.Canceled, message, { ...note, fromServer: true }, { cause });
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return failure(Code.ResourceExhausted, message, note, { cause });
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return failure(Code.PermissionDenied, message, note, { cause });
    case constants.NGHTTP2_HTTP_1_1_REQUIRED:
      return networkFailure(notHttp2("the server", session.isTls), cause);
    default:
      return failure(Code.Internal, message, note, { cause });
  }
}

// RFC 9113 §7.
const resetNames = [
  "no-error",
  "protocol-error",
  "internal-error",
  "flow-control-error",
  "settings-timeout",
  "stream-closed",
  "frame-size-error",
  "refused-stream",
  "cancel",
  "compression-error",
  "connect-error",
  "enhance-your-calm",
  "inadequate-security",
  "http-1-1-required",
];

// Node resets a stream by itself too, and does not tell that from a reset by the server.
const resetters: Readonly<Record<number, string>> = {
  [constants.NGHTTP2_PROTOCOL_ERROR]: "the server reset the stream, or Node did since the answer is not valid HTTP/2",
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: "the server reset the stream, or Node did at 1 MiB of header fields",
};
