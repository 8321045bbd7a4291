import { type DescMessage, type DescMethodUnary, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { failure } from "../errors.js";
import type { HttpFields, HttpHead, HttpResponse } from "../http/http.js";
import {
  checkEnvelope,
  compressedFlag,
  decodeEnvelopes,
  type Envelope,
  encodeEnvelope,
  encodingOf,
  envelopeData,
  maxTrailerBytes,
} from "./envelope.js";
import type { Protocol, Reply, RequestContext, ResponseRules } from "./protocol.js";
import { contentTypeFailure, httpFailure, statusFailure } from "./status.js";

/**
 * gRPC over HTTP/2 (`application/grpc`), as gRPC's PROTOCOL-HTTP2 prescribes. The default in Node.
 */
export const grpc: Protocol = {
  name: "grpc",
  needsTrailers: true,
  maxBodyBytes,
  request(method, message, context) {
    const headers = {
      // Without "+proto", which ZITADEL before 2.30 does not know.
      "content-type": "application/grpc",
      te: "trailers",
      ...context.headers,
    };
    return {
      method: "POST",
      path: methodPath(method, context),
      headers: addGrpcHeaders(headers, context),
      body: encodeEnvelope(toBinary(method.input, message)),
    };
  },
  check(head, rules, start) {
    checkGrpc(head, rules, start, /^application\/grpc(?:\+proto)?(?:;|$)/i, "application/grpc");
  },
  response(method, answer, rules) {
    const error = answerStatus(answer, answer.trailers);
    if (error) throw error;
    return messageReply(method, decodeEnvelopes(answer.body, answer), answer, answer.trailers ?? answer.headers, rules);
  },
};

/** Room for one message, and for what comes beside it. */
export function maxBodyBytes(maxResponseBytes: number): number {
  return maxResponseBytes + maxTrailerBytes;
}

/** The path of a method in gRPC and in gRPC-Web. */
export function methodPath(method: DescMethodUnary, { prefix }: RequestContext): string {
  return `${prefix}/${method.parent.typeName}/${method.name}`;
}

/** Adds the `grpc-` request headers. None from a browser to another origin: ZITADEL's CORS rules refuse them. */
export function addGrpcHeaders(headers: Record<string, string>, context: RequestContext): Record<string, string> {
  if (context.crossOrigin) return headers;
  if (context.acceptGzip) headers["grpc-accept-encoding"] = "gzip";
  // At most 3,600,000: within the eight digits that gRPC allows.
  if (context.timeoutMs !== undefined) headers["grpc-timeout"] = `${context.timeoutMs}m`;
  if (context.previousAttempts > 0) headers["grpc-previous-rpc-attempts"] = `${context.previousAttempts}`;
  return headers;
}

/** Refuses an answer that is not gRPC by its head, and a message that is too large by its prefix. */
export function checkGrpc(
  head: HttpHead,
  rules: ResponseRules,
  start: Uint8Array | undefined,
  contentType: RegExp,
  expected: string,
): void {
  if (start) {
    checkEnvelope(start, rules.maxResponseBytes, head);
    return;
  }
  if (contentType.test(head.headers.get("content-type") ?? "")) return;
  if (head.status !== 200) throw statusInHead(head) ?? httpFailure(head);
  throw contentTypeFailure(head, expected);
}

function statusInHead(head: HttpHead): ConnectError | undefined {
  return head.headers.get("grpc-status") === null ? undefined : statusFailure(head, head.headers);
}

/**
 * The error of a whole answer, `undefined` for OK. `trailers` are where the status belongs; without any it may be in
 * the headers (Trailers-Only).
 */
export function answerStatus(
  answer: HttpResponse,
  trailers: HttpFields | undefined,
  missing = missingStatus,
): ConnectError | undefined {
  const inHead = answer.headers.get("grpc-status");
  if (trailers?.get("grpc-status") != null) {
    const error = statusFailure(answer, trailers);
    if (error || inHead === null || inHead === "0") return error;
    const message = `the server sent grpc-status ${inHead.slice(0, 20)} in its headers and 0 in its trailers`;
    return failure(Code.Unknown, message, { reason: "bad-status", httpStatus: answer.status });
  }
  if (inHead !== null && (inHead !== "0" || answer.body.length === 0)) return statusFailure(answer, answer.headers);
  if (answer.status !== 200) return httpFailure(answer);
  if (answer.body.length === 0 && !trailers) {
    const hint = "a proxy may have dropped it, or CORS does not expose grpc-status and grpc-message";
    return failure(Code.Unknown, `the answer is empty and has no status; ${hint}`, {
      reason: "empty-response",
      httpStatus: answer.status,
    });
  }
  return missing(answer);
}

function missingStatus({ status: httpStatus }: HttpHead): ConnectError {
  const hint = "a proxy on the way may not pass trailers: try gRPC-Web or REST";
  return failure(Code.Internal, `the answer has no grpc-status; ${hint}`, { reason: "missing-trailers", httpStatus });
}

/** The reply of an answer whose status is OK: exactly one message. */
export function messageReply<O extends DescMessage>(
  method: DescMethodUnary<DescMessage, O>,
  envelopes: Envelope[],
  head: HttpHead,
  trailer: HttpFields,
  rules: ResponseRules,
): Reply<O> | Promise<Reply<O>> {
  const encoding = encodingOf(head.headers, rules.acceptGzip, head);
  const odd = envelopes.find(({ flags }) => (flags & ~compressedFlag) !== 0);
  if (odd) {
    throw failure(Code.Internal, `the server sent a message with unknown flags ${odd.flags}`, {
      reason: "parse",
      httpStatus: head.status,
    });
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
  return failure(Code.Unimplemented, message, { httpStatus: head.status });
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
