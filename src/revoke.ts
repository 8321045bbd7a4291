import type { Client } from "@connectrpc/connect";
import type { AuthService } from "../gen/zitadel/auth_pb.js";
import { type EndResult, endEach, type RevokeOptions } from "./end-each.js";
import { checkId } from "./zitadel.js";

/** What became of each id: it is in exactly one of the three lists, in the order of the input. */
export interface RevokeResult extends Pick<EndResult, "failed"> {
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
  checkIds(ids, "ids");
  const tokens = [...new Set(ids)].map((id) => ({ id }));
  const { ended: revoked, ...others } = await endEach([tokens], options, ({ id }, call) =>
    auth.revokeMyRefreshToken({ id }, call),
  );
  return { revoked, ...others };
}

/** Refuses, with a TypeError, what is no list of ids. */
export function checkIds(ids: readonly string[], name: string): void {
  if (!Array.isArray(ids)) throw new TypeError(`${name} must be an array of strings`);
  ids.forEach((id, index) => {
    checkId(id, `${name}[${index}]`);
  });
}
