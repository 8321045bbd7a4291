import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { checkSignal } from "./call/call.js";
import { textOf } from "./failure.js";
import { nullPrototype } from "./null-prototype.js";
import { isGone } from "./zitadel.js";

export interface RevokeOptions {
  /**
   * How many calls run at a time. Default 1: ZITADEL 2.44 refuses a fifth of those that change one user at a time, and
   * is no slower one by one.
   */
  readonly concurrency?: number | undefined;
  /** Stops the calls under way and those to come. What was ended until then is in the result. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of each id: it is in exactly one of the three lists. */
export interface EndResult {
  /** Ids of what was ended. */
  readonly ended: string[];
  /**
   * Ids of which ZITADEL says that the user has nothing of that kind (NotFound, COMMAND-BHt2w or AUTHZ-cdgFk): it was ended
   * before, is another user's, or never was. A session that was ended before is `ended` again: ZITADEL does not tell.
   */
  readonly alreadyGone: string[];
  /** Ids that may still be usable, and why. After an error that stops all, the ids never sent carry it as well. */
  readonly failed: { readonly id: string; readonly error: ConnectError }[];
}

/**
 * Makes a call for each, one group after the other; results are in that order. Rejects, before anything is sent, as
 * `revokeRefreshTokens` does.
 */
export async function endEach<T extends { readonly id: string }>(
  groups: readonly (readonly T[])[],
  options: RevokeOptions,
  end: (each: T, options: CallOptions) => Promise<unknown>,
): Promise<EndResult> {
  const { concurrency = 1, signal } = nullPrototype(options);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be a whole number from 1 up, got ${String(concurrency)}`);
  }
  checkSignal(signal);
  const outcomes = new Map<T, "ended" | "gone" | ConnectError>();
  let stop: ConnectError | undefined;

  async function work(queue: Iterable<T>) {
    for (const each of queue) {
      if (stop) return;
      try {
        await end(each, signal ? { signal } : {});
        outcomes.set(each, "ended");
      } catch (reason) {
        const error = toConnectError(reason);
        outcomes.set(each, isGone(error) ? "gone" : error);
        // What a token function threw it would throw again, or it would spend another refresh token.
        if (error !== reason || error.code === Code.Unauthenticated || signal?.aborted) stop ??= error;
      }
    }
  }
  for (const group of groups) {
    const queue = group.values();
    await Promise.all(Array.from({ length: Math.min(concurrency, group.length) }, () => work(queue)));
  }

  const result: EndResult = { ended: [], alreadyGone: [], failed: [] };
  for (const each of groups.flat()) {
    const outcome = outcomes.get(each) ?? (stop as ConnectError);
    if (outcome === "ended") result.ended.push(each.id);
    else if (outcome === "gone") result.alreadyGone.push(each.id);
    else result.failed.push({ id: each.id, error: outcome });
  }
  return result;
}

// Not `ConnectError.from`, which leaves out the cause of some.
function toConnectError(reason: unknown): ConnectError {
  if (reason instanceof ConnectError) return reason;
  const message = textOf(reason, "message") ?? "the call failed";
  return new ConnectError(message, Code.Unknown, undefined, undefined, reason);
}
