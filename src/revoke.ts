import { type CallOptions, type Client, Code, ConnectError } from "@connectrpc/connect";
import type { AuthService } from "../gen/zitadel/auth_pb.js";
import { checkSignal } from "./call/call.js";
import { textOf } from "./failure.js";
import { nullPrototype } from "./null-prototype.js";
import { checkId, isGone, zitadelErrorId } from "./zitadel.js";

export interface RevokeOptions {
  /**
   * How many calls run at a time. Default 1: ZITADEL 2.44 refuses a fifth of the calls that change the same user at the
   * same time, and is no slower one by one.
   */
  readonly concurrency?: number | undefined;
  /** Stops the calls in flight and those to come. The result tells what was ended until then. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of each id: it is in exactly one of the three lists. */
export interface EndResult {
  /** Ids of what was ended. */
  readonly ended: string[];
  /**
   * Ids that ZITADEL does not know as this user's (NotFound, COMMAND-BHt2w or AUTHZ-cdgFk): ended before, another user's,
   * or no id at all. A session that was ended before is in `ended` again: ZITADEL does not tell.
   */
  readonly alreadyGone: string[];
  /** Ids that may still be usable, and why. After an error that stops all, the ids never sent carry it as well. */
  readonly failed: { readonly id: string; readonly error: ConnectError }[];
}

/** What became of each id: it is in exactly one of the three lists, in the order of the input. */
export interface RevokeResult extends Pick<EndResult, "failed"> {
  /** Ids of the tokens that were revoked. */
  readonly revoked: string[];
  /**
   * Ids that ZITADEL does not know as this user's tokens (NotFound, COMMAND-BHt2w). ZITADEL answers the same for a token
   * that was revoked before (perhaps by an attempt of this call whose answer was lost), for another user's token, for one
   * whose app signed out, and for a mistyped id. So look up an id that a person typed in the list first. This is about
   * refresh tokens only: a sign-in that ZITADEL keeps in an OIDC session goes on.
   */
  readonly alreadyGone: string[];
}

/**
 * Revokes many of the user's refresh tokens, one call each, an id given twice once.
 *
 * If a call fails, its id is in `failed` and the others go on. A failure that would meet every call ends it early:
 * `Unauthenticated`, an abort of `signal`, or what a token function or an interceptor threw. That is then the `cause` of
 * each error in `failed`.
 *
 * Before it sends anything, it rejects with a TypeError for an id that no token can have or a `signal` that is none, and
 * with a RangeError for a concurrency that is not a whole number from 1 up.
 */
export async function revokeRefreshTokens(
  auth: Pick<Client<typeof AuthService>, "revokeMyRefreshToken">,
  ids: readonly string[],
  options: RevokeOptions = {},
): Promise<RevokeResult> {
  checkIds(ids, "ids");
  const tokens = [...new Set(ids)].map((id) => ({ id }));
  const { ended: revoked, ...others } = await endEach([tokens], options, ({ id }, call) =>
    auth.revokeMyRefreshToken({ id }, call),
  );
  return { revoked, ...others };
}

export interface RevokeAllOptions extends RevokeOptions {
  /** Ids of tokens to keep. Default: none. */
  readonly except?: readonly string[] | undefined;
}

type RefreshTokens = Pick<
  Client<typeof AuthService>,
  "listMyRefreshTokens" | "revokeMyRefreshToken" | "revokeAllMyRefreshTokens"
>;

/**
 * Revokes all refresh tokens of the user that ZITADEL lists, the caller's own included, except those in `except`. Without
 * `except` it makes one call. ZITADEL refuses that if a listed token is gone, as after a sign-out in a browser; then it
 * revokes them one by one. Of more than 1000 tokens it then revokes only those that ZITADEL listed.
 *
 * Rejects with the error of the list or of the one call. What fails one by one is in `failed`, as in `revokeRefreshTokens`.
 * Rejects with a TypeError, before it revokes anything, if an id in `except` is not listed: it may be mistyped.
 */
export async function revokeAllRefreshTokens(
  auth: RefreshTokens,
  options: RevokeAllOptions = {},
): Promise<RevokeResult> {
  const { except = [], signal, ...others } = nullPrototype(options);
  checkIds(except, "except");
  const call = signal ? { signal } : {};
  const listed = (await auth.listMyRefreshTokens({}, call)).result.map(({ id }) => id);
  const strangers = except.filter((id) => !listed.includes(id));
  if (strangers.length > 0) throw new TypeError(`except names ${strangers.join(" ")}, which ZITADEL does not list`);
  const ids = listed.filter((id) => !except.includes(id));
  if (except.length > 0 || ids.length === 0) return revokeRefreshTokens(auth, ids, { ...others, ...call });
  try {
    await auth.revokeAllMyRefreshTokens({}, call);
    return { revoked: ids, alreadyGone: [], failed: [] };
  } catch (error) {
    const id = zitadelErrorId(error);
    // None left: somebody else was faster, or an attempt before whose answer was lost.
    if (id === "COMMAND-Gfj42") return { revoked: [], alreadyGone: ids, failed: [] };
    // One token that is listed but gone keeps ZITADEL from revoking any.
    if (id === "COMMAND-BHt2w") return revokeRefreshTokens(auth, ids, { ...others, ...call });
    throw error;
  }
}

/** Refuses, with a TypeError, what is no list of ids. */
export function checkIds(ids: readonly string[], name: string): void {
  if (!Array.isArray(ids)) throw new TypeError(`${name} must be an array of strings`);
  ids.forEach((id, index) => {
    checkId(id, `${name}[${index}]`);
  });
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
