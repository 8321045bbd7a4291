import type { DescMethodUnary } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { noteOf } from "../failure.js";

/** How failed calls are repeated, as in gRPC's retry design (gRFC A6). */
export interface RetryOptions {
  /** Requests a call may make in all, 1 to 5. Default 4. */
  readonly maxAttempts?: number | undefined;
  /** Wait before the first repeat, in milliseconds; each wait varies by ±20 %. Default 100. */
  readonly initialBackoffMs?: number | undefined;
  /** By how much each wait is longer than the one before. Default 2. */
  readonly backoffMultiplier?: number | undefined;
  /** Longest wait, in milliseconds. Default 1000. */
  readonly maxBackoffMs?: number | undefined;
}

/** Decides whether and when a call is repeated. One for all calls of a transport, since it keeps the throttle. */
export interface RetryPolicy {
  /** Tells of a call that worked, which gives the throttle room again. */
  succeeded(): void;
  /**
   * Milliseconds to wait before the next attempt, `undefined` if there is to be none. `retries` counts those that
   * this policy allowed before.
   */
  delayMs(method: DescMethodUnary, error: ConnectError, retries: number): number | undefined;
}

/** Checks the `retry` option and makes its policy; `undefined` for off. Throws a RangeError. */
export function createRetryPolicy(options: RetryOptions | false | undefined): RetryPolicy | undefined {
  if (options === false) return undefined;
  const { maxAttempts = 4, initialBackoffMs = 100, backoffMultiplier = 2, maxBackoffMs = 1000 } = options ?? {};
  if (!Number.isInteger(maxAttempts)) throw new RangeError(`retry.maxAttempts must be an integer, got ${maxAttempts}`);
  inRange("maxAttempts", maxAttempts, 1, 5);
  inRange("initialBackoffMs", initialBackoffMs, 1, 3_600_000);
  inRange("backoffMultiplier", backoffMultiplier, 1, 100);
  inRange("maxBackoffMs", maxBackoffMs, 1, 3_600_000);

  // gRFC A6's throttle: each failure takes one token, each success gives a tenth, and below half there are no
  // repeats, so that clients do not keep down a server that is coming up.
  const maxTokens = 10;
  let tokens = maxTokens;
  return {
    succeeded() {
      tokens = Math.min(maxTokens, tokens + 0.1);
    },
    delayMs(method, error, retries) {
      const { repeat = "never", pushbackMs, maxRetries = maxAttempts } = noteOf(error) ?? {};
      if (repeat === "never") return undefined;
      tokens = Math.max(0, tokens - 1);
      if (tokens <= maxTokens / 2 || retries + 1 >= maxAttempts || retries >= maxRetries) return undefined;
      if (repeat === "maybe-applied" && !isSafeToRepeat(method)) return undefined;
      if (pushbackMs !== undefined) return pushbackMs === Number.POSITIVE_INFINITY ? undefined : pushbackMs;
      const backoff = Math.min(initialBackoffMs * backoffMultiplier ** retries, maxBackoffMs);
      return backoff * (0.8 + 0.4 * Math.random());
    },
  };
}

function inRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new RangeError(`retry.${name} must be ${min} to ${max}, got ${value}`);
}

function isSafeToRepeat({ idempotency }: DescMethodUnary): boolean {
  return idempotency === Idempotency.NO_SIDE_EFFECTS || idempotency === Idempotency.IDEMPOTENT;
}
