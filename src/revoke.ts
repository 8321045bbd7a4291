import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { AuthService } from "../gen/zitadel/auth_pb.js";
import { checkSignal } from "./call/call.js";
import { textOf } from "./failure.js";
import { own } from "./own.js";
import { checkTokenId, isTokenGone } from "./zitadel.js";

export interface RevokeOptions {
  /**
   * How many calls run at a time. Default 1: ZITADEL 2.44 refuses a fifth of those that change one user at a time, and
   * is no slower one by one.
   */
  readonly concurrency?: number | undefined;
  /** Stops the calls under way and those to come. What was revoked until then is in the result. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What became of each id: it is in exactly one of the three lists, in the order of the input.
 */
export interface RevokeResult {
  /** Ids of the tokens that were revoked. */
  readonly revoked: string[];
  /**
   * Ids of which ZITADEL says that the user has no such token (NotFound, COMMAND-BHt2w). It says the same of a token that
   * was revoked before, by an attempt of this very call whose answer was lost too, one that another user has, one whose
   * app signed out, and an id that is mistyped: those cannot be told apart, so that an id typed by a person is best looked
   * up in the list first. And it is about refresh tokens only: a sign-in that ZITADEL keeps elsewhere, in an OIDC session,
   * goes on.
   */
  readonly alreadyGone: string[];
  /** Ids that may still be usable, and why. After an error that stops all, the ids never sent carry it as well. */
  readonly failed: { readonly id: string; readonly error: ConnectError }[];
}

/**
 * Revokes many of the user's refresh tokens, one call each, an id given twice once.
 *
 * A call that fails does not make this fail: it ends in `failed` and the others go on. What would meet every call alike
 * ends it early: `Unauthenticated`, an abort of `signal`, and what a token function or an interceptor threw, which is then
 * the `cause` of each error in `failed`.
 *
 * Rejects before anything is sent: with a TypeError for an id that no token can have or a `signal` that is none, with a
 * RangeError for a concurrency that is not a whole number from 1 up.
 */
export async function revokeRefreshTokens(
  auth: Pick<Client<typeof AuthService>, "revokeMyRefreshToken">,
  ids: readonly string[],
  options: RevokeOptions = {},
): Promise<RevokeResult> {
  const { concurrency = 1, signal } = own(options);
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be a whole number from 1 up, got ${String(concurrency)}`);
  }
  checkSignal(signal);
  if (!Array.isArray(ids)) throw new TypeError("ids must be an array of strings");
  ids.forEach((id, index) => {
    checkTokenId(id, `ids[${index}]`);
  });

  const queue = [...new Set(ids)];
  const outcomes: ("revoked" | "gone" | ConnectError)[] = [];
  let next = 0;
  let stop: ConnectError | undefined;

  async function work() {
    while (next < queue.length && !stop) {
      const index = next++;
      try {
        await auth.revokeMyRefreshToken({ id: queue[index] as string }, signal ? { signal } : {});
        outcomes[index] = "revoked";
      } catch (reason) {
        const error = toConnectError(reason);
        outcomes[index] = isTokenGone(error) ? "gone" : error;
        // What a token function threw it would throw again, or it would spend another refresh token.
        if (error !== reason || error.code === Code.Unauthenticated || signal?.aborted) stop ??= error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, work));

  const result: RevokeResult = { revoked: [], alreadyGone: [], failed: [] };
  queue.forEach((id, index) => {
    const outcome = outcomes[index] ?? (stop as ConnectError);
    if (outcome === "revoked") result.revoked.push(id);
    else if (outcome === "gone") result.alreadyGone.push(id);
    else result.failed.push({ id, error: outcome });
  });
  return result;
}

// Not `ConnectError.from`, which leaves out the cause of some.
function toConnectError(reason: unknown): ConnectError {
  if (reason instanceof ConnectError) return reason;
  const message = textOf(reason, "message") ?? "the call failed";
  return new ConnectError(message, Code.Unknown, undefined, undefined, reason);
}
