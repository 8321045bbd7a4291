import { Code } from "@connectrpc/connect";
import { type FailureNote, type FailureReason, isOurs, noteOf, propertyOf, textOf } from "./failure.js";
import { isFromZitadel, zitadelErrorId } from "./zitadel.js";

/**
 * What a `ConnectError` alone does not say, the same on every protocol.
 */
export interface ErrorInfo {
  /** The error's code; absent for what is no error of a call, such as what a token function of yours threw. */
  readonly code?: Code;
  /** ZITADEL's stable id of the error, such as `AUTH-7fs1e`. Tell its errors apart by this, never by their text. */
  readonly id?: string;
  /**
   * What went wrong on the way, if the server did not say it. If your own code threw an object, this is `token-provider`
   * for a token function and `bad-http` for a `fetch`.
   */
  readonly reason?: FailureReason;
  /**
   * How many requests the call made, including those that found no connection; 0 if the call ended before the first.
   */
  readonly attempts: number;
  /** The HTTP status, if there was an answer. */
  readonly httpStatus?: number;
  /** What to do, if the error's own text does not say it: the end of `error.message`, after "; ". */
  readonly hint?: string;
  /**
   * Whether the server sent the code (`true`), or this library chose it for what happened (`false`). `undefined` over a
   * third-party transport, unless the error has something that only ZITADEL adds.
   */
  readonly fromServer?: boolean;
  /**
   * `true` if the server may have carried out an earlier attempt of this call, whose answer was lost, and the method
   * changes something. A revoke that says "not found" may then have revoked the token itself; nobody can know.
   */
  readonly maybeApplied?: boolean;
}

/**
 * Reads what a `ConnectError` alone does not say: ZITADEL's error id, the reason, the number of attempts and the
 * HTTP status. Takes anything that was thrown and never throws itself. Of an error that was rebuilt from its fields, as
 * by `structuredClone` or a framework that sends it to a browser, and of one with such an error as its cause, it reads
 * what is there. For what is no error of a call it returns `attempts: 0`. The result is plain data.
 */
export function getErrorInfo(error: unknown): ErrorInfo {
  const { failed, note } = lookInto(error);
  const { reason, attempts = 0, httpStatus, hint, fromServer, maybeApplied } = note;
  const info = {
    code: codeOf(failed),
    id: zitadelErrorId(failed),
    reason,
    attempts,
    httpStatus: httpStatus || undefined,
    hint,
    fromServer: fromServer ?? isFromZitadel(failed),
    maybeApplied: maybeApplied || undefined,
  };
  return Object.fromEntries(Object.entries(info).filter(([, value]) => value !== undefined)) as unknown as ErrorInfo;
}

/** The first of an error and its causes that is or was a `ConnectError`, and what is noted down about them. */
function lookInto(error: unknown): { failed: unknown; note: FailureNote } {
  let failed: unknown;
  let note: FailureNote = {};
  let each = error;
  // No chain of causes is longer, unless it is a circle.
  for (let depth = 0; depth < 10 && each !== undefined; depth++) {
    if (failed === undefined && codeOf(each) !== undefined) failed = each;
    note = { ...noteOf(each), ...note };
    // Its cause is about something else, such as the attempt before.
    if (isOurs(each)) break;
    each = propertyOf(each, "cause");
  }
  return { failed, note };
}

function codeOf(error: unknown): Code | undefined {
  const code = propertyOf(error, "code");
  if (typeof code === "number" && Code[code] !== undefined && textOf(error, "rawMessage") !== undefined) return code;
  // A copy may have nothing but the message left, which begins with the code: `[not_found] …`.
  const name = /^\[([a-z_]+)\]/.exec(textOf(error, "message") ?? "")?.[1];
  const named =
    Code[name?.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()) as keyof typeof Code];
  return typeof named === "number" ? named : undefined;
}
