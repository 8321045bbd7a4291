import { fromBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import type { Status } from "../../gen/google/rpc/status_pb.js";
import { type FailureNote, type FailureReason, failure } from "../failure.js";
import { appendField, fieldText, type HttpFields, type HttpHead } from "../http/http.js";
import { maxDetails, maxErrorFields, maxErrorFieldsLength, maxTextLength } from "../limits.js";
import { hintFor, isCollision, type StatusParts, unwrapped } from "../zitadel.js";

// The rule for every maker of an error, here and elsewhere: it is called `…Failure`, takes what came in and returns the
// error; who calls it throws.

/**
 * The error of an answer that has no status of its own, by its HTTP status and, where its `body` may have some, its maker's
 * own words. `others` are the protocols to try where something in front of ZITADEL takes offence at this one.
 */
export function httpFailure(head: HttpHead, body?: Uint8Array, others?: string): ConnectError {
  const { status } = head;
  const invalid = !(status >= 200 && status < 600);
  const words = body ? peerWords(body) : "";
  const message = invalid
    ? `the server sent ${status} for its HTTP status`
    : `HTTP ${status} without a status of the API${words && `: "${words}"`}`;
  const reason = invalid ? "bad-http" : status === 204 ? "empty-response" : undefined;
  const code = codeOf(status);
  const hint = hintFor(code, message, others);
  return serverFailure({ code, message, details: [] }, head, undefined, { reason, hint });
}

// The table of gRPC's http-grpc-status-mapping.md, for every protocol.
const codes: { readonly [status: number]: Code } = {
  400: Code.Internal,
  401: Code.Unauthenticated,
  403: Code.PermissionDenied,
  404: Code.Unimplemented,
  429: Code.Unavailable,
};

function codeOf(status: number): Code {
  // 502 to 504 are of that table as well, 520 to 524 are Cloudflare's: it got no answer of the server's.
  const isNoAnswer = (status > 501 && status < 505) || (status > 519 && status < 525);
  return isNoAnswer ? Code.Unavailable : (codes[status] ?? Code.Unknown);
}

/** The error of an answer that is wrong in itself. */
export function answerFailure(
  code: Code,
  reason: FailureReason | undefined,
  message: string,
  { status }: HttpHead,
): ConnectError {
  return failure(code, message, { httpStatus: status, reason });
}

/** The error for an answer of another type than the protocol's. */
export function contentTypeFailure(head: HttpHead, expected: string): ConnectError {
  const type = fieldText(head.headers, "content-type", 80);
  const hint = /^text\/html/i.test(type) ? "; baseUrl or a proxy leads to a web page" : "";
  const message = `expected ${expected}, got content-type "${type}"${hint}`;
  return answerFailure(Code.Unknown, "unexpected-content-type", message, head);
}

/** The error of a status that a server sent, with what it says about coming back. */
export function serverFailure(
  sent: StatusParts,
  head: HttpHead,
  trailer: HttpFields | undefined,
  note: FailureNote,
): ConnectError {
  const { code, message, details, ...known } = readStatus(sent, head, trailer);
  const metadata = errorMetadata(head.headers, trailer);
  return failure(code, message, { httpStatus: head.status, ...known, ...note }, { metadata, details });
}

// Who is told of too many requests (429) and not when to come back had better not come back in a tenth of a second.
const tooManyWaitMs = 1000;

/** What a status means that a server sent, and whether and when to come back. */
export function readStatus(
  sent: StatusParts,
  head: HttpHead,
  trailer: HttpFields | undefined,
): StatusParts & Pick<FailureNote, "repeat" | "pushbackMs" | "minWaitMs" | "hint"> {
  const { code, message, details } = unwrapped({ ...sent, message: sent.message.slice(0, maxTextLength) });
  const pushbackMs = pushback(details, head, trailer);
  const mayComeBack = code === Code.Unavailable || (code === Code.ResourceExhausted && pushbackMs !== undefined);
  const repeat = isCollision(code, message) ? "not-sent" : mayComeBack ? "maybe-applied" : "never";
  const minWaitMs = head.status === 429 ? tooManyWaitMs : undefined;
  return { code, message, details, repeat, pushbackMs, minWaitMs, hint: hintFor(code, message) };
}

/** Error details in the form that `ConnectError.findDetails` reads. */
export function anyDetails(status: Status): ConnectError["details"] {
  return status.details
    .slice(0, maxDetails)
    .map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value }));
}

/** Whether a body may hold words of a proxy or a gateway about what went wrong: short text or JSON, but no page. */
export function mayHaveWords({ status, headers }: HttpHead): boolean {
  if (status < 400) return false;
  const type = fieldText(headers, "content-type");
  return /^(?:text\/plain|application\/(?:[\w.-]+\+)?json)\s*(?:;|$)/i.test(type);
}

/** What a proxy or a gateway says in the body of its error: the first line, or the message in its JSON; may be empty. */
export function peerWords(body: Uint8Array): string {
  const text = new TextDecoder().decode(body.subarray(0, maxTextLength)).trim();
  const [line = ""] = (messageOf(text) ?? text).trim().split(/[\r\n]/, 1);
  // HTML that is said to be text.
  return line.startsWith("<") ? "" : line.slice(0, 200);
}

// By the names that Kong, AWS, Spring, RFC 9457 and others give it, such as `{ "error": { "message": "…" } }`.
function messageOf(text: string): string | undefined {
  try {
    const { message, detail, title, error } = JSON.parse(text);
    return [message, detail, title, error?.message, error].find((each) => each && typeof each === "string");
  } catch {
    return undefined;
  }
}

// An error ends up in logs and with callers: what belongs to the connection or could be a secret stays out, and so
// does what no caller will read.
// The status is in the error itself; in metadata its encodings would keep what is taken out of it there.
const hidden =
  /^(?:set-cookie|authorization|proxy-authenticate|connection|grpc-status|grpc-message|grpc-status-details-bin|:.*)$/;

/** What an error tells of the header fields that came with it. */
export function errorMetadata(...sources: (HttpFields | undefined)[]): Headers {
  const metadata = new Headers();
  let fields = 0;
  let length = 0;
  // One and the same in a Trailers-Only answer.
  for (const source of new Set(sources)) {
    source?.forEach((value, name) => {
      if (fields === maxErrorFields || hidden.test(name)) return;
      fields += 1;
      length += name.length + value.length;
      if (length <= maxErrorFieldsLength) appendField(metadata, name, value);
    });
  }
  return metadata;
}

/**
 * How many milliseconds the server wants to be left alone: by gRFC A6's trailer, RetryInfo, or HTTP's Retry-After.
 * `Infinity` for ever, `undefined` if it does not say.
 */
export function pushback(
  details: ConnectError["details"],
  head: HttpHead,
  trailer: HttpFields | undefined,
): number | undefined {
  const ms = trailer?.get("grpc-retry-pushback-ms");
  if (ms != null) return /^\d{1,10}$/.test(ms) ? Number(ms) : Number.POSITIVE_INFINITY;
  for (const detail of details) {
    if (!("type" in detail) || detail.type !== RetryInfoSchema.typeName) continue;
    try {
      const { retryDelay } = fromBinary(RetryInfoSchema, detail.value);
      if (retryDelay) return Math.max(0, Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6);
    } catch {
      // A detail that cannot be read says nothing.
    }
  }
  if (head.status !== 429 && head.status !== 503) return undefined;
  const after = fieldText(head.headers, "retry-after");
  if (/^\d{1,10}$/.test(after)) return Number(after) * 1000;
  // RFC 9110 §10.2.3 allows a date, which has letters; `Date.parse` alone takes "-1" for a year. The server's own clock
  // tells how far away it is, unless it does not say.
  const date = /^[A-Z][a-z]{2}/.test(after) ? Date.parse(after) : Number.NaN;
  const now = Date.parse(fieldText(head.headers, "date")) || Date.now();
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
