import { Code, type ConnectError } from "@connectrpc/connect";
import type { Status } from "../../gen/google/rpc/status_pb.js";
import { type FailureNote, type FailureReason, failure } from "../failure.js";
import { fieldText, maxTextLength } from "../http/fields.js";
import type { HttpFields, HttpHead } from "../http/http.js";
import { hintFor, isCollision, type StatusParts, unwrapped } from "../zitadel.js";
import { errorMetadata } from "./error-metadata.js";
import { peerWords } from "./peer-words.js";
import { pushback } from "./pushback.js";

// The rule for every maker of an error, here and elsewhere: it is called `…Failure`, takes what came in and returns the
// error; who calls it throws.

/** So many details of an error are kept: more than any service sends. */
export const maxDetails = 32;

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
