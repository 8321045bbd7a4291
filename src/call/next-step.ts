import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type FailureNote, noteOf } from "../failure.js";
import { isDisguisedDeadline } from "../zitadel.js";

/** How failed calls are repeated, as in gRPC's retry design (gRFC A6). */
export interface RetryOptions {
  /**
   * Requests a call may make in all, 1 to 5. Default 4. Not counted are the replay with a refreshed token, the one
   * request that follows at once where the server said that it did not take the first, and attempts that found nothing
   * listening while a server that answered within the last 5 seconds starts again.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Wait before the first repeat, in milliseconds; each wait varies by ±20 %. Default 100. After HTTP 429 that does not say
   * when to come back it is 1,000 at least.
   */
  readonly initialBackoffMs?: number | undefined;
  /** By how much each wait is longer than the one before. Default 2. */
  readonly backoffMultiplier?: number | undefined;
  /** Longest wait, in milliseconds. Default 1000. */
  readonly maxBackoffMs?: number | undefined;
}

/** `RetryOptions` with every default filled in. */
export type RetryPolicy = { readonly [K in keyof RetryOptions]-?: number };

/** Checks the `retry` option and fills in what is left out; `undefined` for off. Throws a RangeError. */
export function createRetryPolicy(options: RetryOptions | false | undefined): RetryPolicy | undefined {
  if (options === false) return undefined;
  const { maxAttempts = 4, initialBackoffMs = 100, backoffMultiplier = 2, maxBackoffMs = 1000 } = options ?? {};
  checkRange("retry.maxAttempts", maxAttempts, [1, 5], "an integer of ");
  checkRange("retry.initialBackoffMs", initialBackoffMs, [1, 3_600_000]);
  checkRange("retry.backoffMultiplier", backoffMultiplier, [1, 100]);
  checkRange("retry.maxBackoffMs", maxBackoffMs, [1, 3_600_000]);
  return { maxAttempts, initialBackoffMs, backoffMultiplier, maxBackoffMs };
}

/** Throws a RangeError for an option that is not `min` to `max`, or not the whole number that it must be. */
export function checkRange(
  name: string,
  value: number,
  [min, max]: readonly [min: number, max: number],
  kind: "" | "an integer of " = "",
): void {
  if (value >= min && value <= max && (!kind || Number.isInteger(value))) return;
  throw new RangeError(`${name} must be ${kind}${min} to ${max}, got ${value}`);
}

/** What follows a failed attempt. */
export type Step =
  /** Ask for another token and send it again with that one. */
  | { readonly do: "refresh" }
  /** Send it again at once. */
  | { readonly do: "resend" }
  /** Send it again after so long, if the throttle has room. `isCounted`: it is one of the policy's attempts. */
  | { readonly do: "wait"; readonly ms: number; readonly isCounted: boolean }
  /** The deadline has passed, whatever the error says. */
  | { readonly do: "expire" }
  /** The error is the call's. */
  | { readonly do: "fail" };

/** What is known of a call when an attempt has failed. */
export interface CallState {
  readonly method: DescMethodUnary;
  /** The caller's metadata; names in lower case. */
  readonly metadata: Record<string, string>;
  readonly policy: RetryPolicy | undefined;
  /** Milliseconds until the deadline, `Infinity` without one. */
  readonly remainingMs: number;
  /** Milliseconds since any call of the transport had an answer, whatever it was. */
  readonly answeredMsAgo: number;
  /** By how much this wait varies, 0.8 to 1.2. */
  readonly jitter: number;
  /** Retries after a wait before. */
  readonly retries: number;
  /** Those of them that are the policy's attempts. */
  readonly counted: number;
  /** Whether there is a token function that this call has not asked for another token yet. */
  readonly mayRefresh: boolean;
  /** Whether the call has not been sent again at once before. */
  readonly mayResend: boolean;
}

// protobuf's enum of these would bring the descriptors of descriptor.proto into every bundle.
const noSideEffects = 1 satisfies MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
const idempotent = 2 satisfies MethodOptions_IdempotencyLevel.IDEMPOTENT;
// How long a server that has just answered may take to start again.
const restartMs = 5_000;
// What is not counted must not be a busy loop, whatever the policy says.
const minRestartWaitMs = 50;
// Timers cannot wait longer; nor would anybody.
const maxWaitMs = 2 ** 31 - 1;
// How much of the deadline may be left when the server's own clock says that it is over.
const clockToleranceMs = 100;

/** Decides what follows a failed attempt. */
export function next(error: ConnectError, state: CallState): Step {
  const note = noteOf(error) ?? {};
  // A server of gRPC has the deadline too, and resets the stream as it passes.
  const isDeadline = note.reason === "rst-cancel" || isDisguisedDeadline(error, state.metadata);
  if (isDeadline && state.remainingMs <= clockToleranceMs) return { do: "expire" };
  if (state.mayRefresh && error.code === Code.Unauthenticated) return { do: "refresh" };
  const { repeat = "never" } = note;
  if (repeat === "never") return { do: "fail" };
  // The server never took it, so this is no retry (gRFC A6, "transparent retries").
  if (repeat === "refused" && state.mayResend) return { do: "resend" };
  const isRestarting = note.reason === "connect-refused" && state.answeredMsAgo < restartMs;
  const ms = waitMs(note, state, isRestarting);
  // What the server said is worth more than the deadline that a wait would end with.
  if (ms === undefined || ms >= state.remainingMs || ms > maxWaitMs) return { do: "fail" };
  return { do: "wait", ms, isCounted: !isRestarting };
}

/** How long the retry policy wants to wait; `undefined`: no retry. */
function waitMs(
  { repeat, pushbackMs, minWaitMs = 0, maxRetries = Number.POSITIVE_INFINITY }: FailureNote,
  { method, policy, retries, counted, jitter }: CallState,
  isRestarting: boolean,
): number | undefined {
  if (!policy || policy.maxAttempts === 1 || retries >= maxRetries) return undefined;
  if (counted + 1 >= policy.maxAttempts && !isRestarting) return undefined;
  if (repeat === "maybe-applied" && !isSafeToRepeat(method)) return undefined;
  const { initialBackoffMs, backoffMultiplier, maxBackoffMs } = policy;
  const backoffMs = Math.min(initialBackoffMs * backoffMultiplier ** retries, maxBackoffMs);
  const ms = pushbackMs ?? Math.max(backoffMs, minWaitMs) * jitter;
  return isRestarting ? Math.max(ms, minRestartWaitMs) : ms;
}

/** Whether a method changes something on the server, so that it matters if a request was carried out. */
export function hasSideEffects({ idempotency }: DescMethodUnary): boolean {
  return idempotency !== noSideEffects;
}

function isSafeToRepeat({ idempotency }: DescMethodUnary): boolean {
  return idempotency === noSideEffects || idempotency === idempotent;
}
