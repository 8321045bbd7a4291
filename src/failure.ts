import { Code, ConnectError } from "@connectrpc/connect";
import { meaningOf } from "./code-meanings.js";

/**
 * Why a call failed, where the library itself found out. Stable: programs may compare it.
 */
export type FailureReason =
  | "bad-http"
  | "bad-status"
  | "connect-refused"
  | "connect-timeout"
  | "connection-lost"
  | "decompress"
  | "dns"
  | "empty-response"
  | "missing-trailers"
  | "network-or-cors"
  | "not-h2"
  | "parse"
  | "parse-json"
  | "redirect-refused"
  | "response-too-large"
  | `rst-${string}`
  | "tls"
  | "tls-expired"
  | "tls-hostname"
  | "tls-untrusted"
  | "token-invalid"
  | "token-provider"
  | "trailers-not-last"
  | "truncated"
  | "unexpected-content-type"
  | "unsafe-integer";

/**
 * Whether a failed request may be sent again.
 *
 * - `never`: it would fail the same way, or must not be repeated.
 * - `maybe-applied`: the server may have acted on it, so only a method that is safe to repeat.
 * - `not-sent`: the server cannot have acted on it, or said that it did not.
 * - `refused`: the server said that it did not act on it; may be repeated at once.
 */
export type Repeat = "never" | "maybe-applied" | "not-sent" | "refused";

/**
 * What the library notes down about a failure, for `getErrorInfo` and for the retry policy.
 */
export interface FailureNote {
  readonly reason?: FailureReason | undefined;
  readonly httpStatus?: number | undefined;
  /** Whether the code is the server's own word; `undefined` where nobody knows. */
  readonly fromServer?: boolean | undefined;
  readonly repeat?: Repeat;
  /** At most so many retries, however many the policy allows. */
  readonly maxRetries?: number | undefined;
  /** The same object in every failure that has this one cause, such as the end of a connection. */
  readonly event?: object | undefined;
  /** How long the server wants to be left alone, in milliseconds; `Infinity`: do not come back. */
  readonly pushbackMs?: number | undefined;
  /** The least that is waited before it is sent again, in milliseconds, where the server does not say how long. */
  readonly minWaitMs?: number | undefined;
  /** What to do about it, as at the end of `error.message`. */
  readonly hint?: string | undefined;
  /** Whether it is what the caller's own code threw, such as a token function. */
  readonly isCallersOwn?: boolean;
  attempts?: number;
  /** Whether the server may have carried out an attempt of the call before the one that this is about. */
  maybeApplied?: boolean;
}

// Beside the errors, not on them: they print and serialize like any other. One for all copies of this file, so that the
// ES module and the CommonJS one read each other's.
const notes = notesOf(globalThis);

function notesOf(realm: { [key: symbol]: unknown }): WeakMap<object, FailureNote> {
  const key = Symbol.for("zitadel-refresh-tokens.notes");
  realm[key] ??= new WeakMap();
  return realm[key] as WeakMap<object, FailureNote>;
}

/**
 * Makes the error of a failed call. `message` may be anything that a server sent: `error.message` gets one safe
 * line of it, or what the code means, and then the note's `hint`; `error.rawMessage` gets all.
 */
export function failure(
  code: Code,
  message: string,
  note: FailureNote,
  rest?: {
    metadata?: Headers | Record<string, string>;
    details?: ConnectError["details"];
    cause?: unknown;
  },
): ConnectError {
  const hint = note.hint ? `; ${note.hint}` : "";
  const error = new ConnectError(
    (printable(message, 270 - hint.length) || meaningOf(code)) + hint,
    code,
    rest?.metadata,
    undefined,
    rest?.cause,
  );
  Object.assign(error, { rawMessage: message, details: rest?.details ?? [] });
  notes.set(error, { fromServer: false, ...note });
  return error;
}

/**
 * Notes down what step it was in which the caller's own code threw, and returns what it threw, untouched: the call rejects
 * with that very value, and is not repeated.
 */
export function callersOwn<T>(thrown: T, reason?: FailureReason): T {
  if (Object(thrown) === thrown) {
    const note = { ...noteOf(thrown), ...(reason && { reason }), isCallersOwn: true };
    notes.set(thrown as object, note);
  }
  return thrown;
}

/** The error of an answer that exceeds `maxResponseBytes`. */
export function tooLargeFailure(httpStatus: number): ConnectError {
  const message = "the answer is larger than maxResponseBytes";
  return failure(Code.ResourceExhausted, message, { reason: "response-too-large", httpStatus });
}

/** What a connection that failed comes to. */
export interface NetworkFault {
  readonly reason: FailureReason;
  readonly message: string;
  /** Default `Unavailable`. */
  readonly code?: Code;
  /** Whether trying again can help, and whether the server may have acted. Default `maybe-applied`. */
  readonly repeat?: Repeat;
  /** At most so many retries. */
  readonly maxRetries?: number;
}

/** Makes the error of a connection that failed. `event` is the same for all that failed with it. */
export function networkFailure(fault: NetworkFault, cause?: unknown, event?: object): ConnectError {
  const { reason, message, code = Code.Unavailable, repeat = "maybe-applied", maxRetries } = fault;
  return failure(code, message, { reason, repeat, maxRetries, event }, { cause });
}

/** Notes down how far a call had come when it failed. */
export function noteProgress(error: unknown, progress: { attempts: number; maybeApplied: boolean }): void {
  const note = noteOf(error);
  if (!note) return;
  note.attempts = progress.attempts;
  // The caller's may be the same object each time.
  if (note.isCallersOwn) note.maybeApplied = progress.maybeApplied;
  note.maybeApplied ??= progress.maybeApplied;
}

/** What is noted down about an error of this library. */
export function noteOf(error: unknown): FailureNote | undefined {
  // Nothing is read of what is no object, and nothing of one that may throw.
  return notes.get(error as object);
}

/** Whether an error was made by this library, for what a server or the network did. */
export function isOurs(error: unknown): error is ConnectError {
  const note = noteOf(error);
  return note !== undefined && !note.isCallersOwn;
}

/** A property of anything, `undefined` where it has none or throws. */
export function propertyOf(value: unknown, name: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

/** The same if it is text. */
export function textOf(value: unknown, name: string): string | undefined {
  const text = propertyOf(value, name);
  return typeof text === "string" ? text : undefined;
}

/**
 * One line of at most `maxLength` characters, in which control and bidirectional characters are escaped so that
 * they cannot rewrite a log or a terminal.
 */
function printable(text: string, maxLength: number): string {
  const line = text
    .slice(0, maxLength)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
      if (/[\n\r\t]/.test(character)) return " ";
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    })
    .trim();
  return line.length > maxLength || text.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
}
