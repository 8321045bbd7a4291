import { type DescMessage, type DescMethodUnary, fromBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { Code, type ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../../../gen/google/rpc/status_pb.js";
import { failure } from "../../failure.js";
import { fieldText, type HttpFields, type HttpGuard, type HttpHead, type HttpResponse } from "../../http/http.js";
import { maxTextLength, maxTrailerBytes, maxWordsBytes } from "../../limits.js";
import {
  answerFailure,
  anyDetails,
  contentTypeFailure,
  httpFailure,
  mayHaveWords,
  serverFailure,
} from "../failures.js";
import type { Reply, ResponseRules } from "../protocol.js";
import { checkEnvelope, compressedFlag, type Envelope, encodingOf, envelopeData, prefixBytes } from "./envelope.js";

/** In what gRPC and gRPC-Web differ before a message is read. */
export interface GrpcVariant {
  readonly contentType: string;
  /** Which content types are its own. */
  readonly types: RegExp;
  /** The protocols to try where something refuses this one. */
  readonly others: string;
}

/** Refuses an answer that is not gRPC, by its head or by what its maker says, and a message that is too large by its prefix. */
export function grpcGuard(variant: GrpcVariant, { maxResponseBytes }: ResponseRules): HttpGuard {
  return {
    checkHead(head) {
      if (!mayHaveWords(head)) checkType(head, variant);
    },
    checkStart(head, start) {
      if (mayHaveWords(head)) checkType(head, variant, start);
      checkEnvelope(start, maxResponseBytes, head);
    },
    startBytes: (head) => (mayHaveWords(head) ? maxWordsBytes : prefixBytes),
    // One message, and what comes beside it.
    maxBodyBytes: maxResponseBytes + maxTrailerBytes,
  };
}

/** Throws what an answer comes to that is no gRPC. */
export function checkType(head: HttpHead, { contentType, types, others }: GrpcVariant, body?: Uint8Array): void {
  const { status, headers } = head;
  if (types.test(fieldText(headers, "content-type"))) return;
  if (status === 200) throw contentTypeFailure(head, contentType);
  const isStatus = (headers.get("grpc-status") ?? "0") !== "0";
  throw (isStatus && statusFailure(head, headers)) || httpFailure(head, body, others);
}

/**
 * The error of a whole answer, `undefined` for OK. `trailers` are where the status belongs; without any it may be in
 * the headers (Trailers-Only).
 */
export function answerStatus(
  answer: HttpResponse,
  trailers: HttpFields | undefined,
  missing: (answer: HttpResponse) => ConnectError,
): ConnectError | undefined {
  const inHead = answer.headers.get("grpc-status");
  if (trailers?.get("grpc-status") != null) {
    const error = statusFailure(answer, trailers);
    if (error || inHead == null || inHead === "0") return error;
    const message = `the server sent grpc-status ${inHead.slice(0, 20)} in its headers and 0 in its trailers`;
    return answerFailure(Code.Unknown, "bad-status", message, answer);
  }
  // Trailers-Only, or as improbable-eng's server sends it: the status in the headers and an empty trailer frame.
  if (inHead != null && (answer.body.length === 0 || (trailers && inHead !== "0"))) {
    return statusFailure(answer, answer.headers);
  }
  if (answer.status !== 200) return httpFailure(answer);
  if (answer.body.length === 0 && !trailers) {
    const hint = "a proxy may have dropped it, or CORS does not expose grpc-status and grpc-message";
    return answerFailure(Code.Unknown, "empty-response", `the answer is empty and has no status; ${hint}`, answer);
  }
  return missing(answer);
}

/** The error of an answer whose trailers have no status, or that has none. */
export function missingStatusFailure(answer: HttpHead): ConnectError {
  const message = "the answer has no grpc-status; a proxy on the way may not pass trailers: try gRPC-Web or REST";
  return answerFailure(Code.Internal, "missing-trailers", message, answer);
}

/** The reply of an answer whose status is OK: exactly one message. */
export function messageReply<O extends DescMessage>(
  method: DescMethodUnary<DescMessage, O>,
  envelopes: Envelope[],
  { head, trailer }: { head: HttpHead; trailer: HttpFields },
  rules: ResponseRules,
): Reply<O> | Promise<Reply<O>> {
  const encoding = encodingOf(head, rules.acceptGzip);
  const odd = envelopes.find(({ flags }) => (flags & ~compressedFlag) !== 0);
  if (odd) {
    throw answerFailure(Code.Internal, "parse", `the server sent a message with unknown flags ${odd.flags}`, head);
  }
  const [envelope] = envelopes;
  if (!envelope || envelopes.length > 1) throw messageCountFailure(envelopes.length, head);
  const data = envelopeData(envelope, encoding, rules.maxResponseBytes, head);
  const decode = (bytes: Uint8Array): Reply<O> => ({
    message: decodeMessage(method, bytes, head),
    header: head.headers,
    trailer,
  });
  return data instanceof Promise ? data.then(decode) : decode(data);
}

/** The error of an answer that does not have exactly one message. */
export function messageCountFailure(count: number, head: HttpHead): ConnectError {
  const message = `the server sent ${count === 0 ? "no message" : "several messages"} where the method has one`;
  return answerFailure(Code.Unimplemented, undefined, message, head);
}

function decodeMessage<O extends DescMessage>(
  method: DescMethodUnary<DescMessage, O>,
  bytes: Uint8Array,
  head: HttpHead,
) {
  try {
    return fromBinary(method.output, bytes);
  } catch (cause) {
    const message = `the server's ${method.output.typeName} cannot be read: it is not valid protobuf`;
    throw failure(Code.Internal, message, { reason: "parse", httpStatus: head.status }, { cause });
  }
}

/**
 * The error that `grpc-status` and its companions say, `undefined` for OK. `fields` are trailers, or headers where
 * the answer is Trailers-Only.
 */
function statusFailure(head: HttpHead, fields: HttpFields): ConnectError | undefined {
  const status = fieldText(fields, "grpc-status");
  // A proxy that answers in ZITADEL's place may pass on what it did not read.
  if (status === "0") return head.status < 300 ? undefined : httpFailure(head);
  if (!/^(?:[1-9]|1[0-6])$/.test(status)) {
    const message = `the server sent an invalid grpc-status "${status.slice(0, 20)}"`;
    return answerFailure(Code.Unknown, "bad-status", message, head);
  }
  const message = decodeStatusMessage(fieldText(fields, "grpc-message", maxTextLength));
  const details = decodeDetails(fieldText(fields, "grpc-status-details-bin", maxTextLength));
  return serverFailure({ code: Number(status), message, details }, head, fields, { fromServer: true });
}

/**
 * Undoes the percent-encoding of `grpc-message`. What is not valid stays as it came: gRPC's PROTOCOL-HTTP2 forbids
 * to drop or to fail.
 */
function decodeStatusMessage(message: string): string {
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
