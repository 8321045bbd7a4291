import type { Client } from "@connectrpc/connect";
import type { AuthService } from "../gen/zitadel/auth_pb.js";
import type { RevokeOptions } from "./end-each.js";
import { nullPrototype } from "./null-prototype.js";
import { checkIds, type RevokeResult, revokeRefreshTokens } from "./revoke.js";
import { zitadelErrorId } from "./zitadel.js";

export interface RevokeAllOptions extends RevokeOptions {
  /** Ids of tokens to keep. Default: none. */
  readonly except?: readonly string[] | undefined;
}

type RefreshTokens = Pick<
  Client<typeof AuthService>,
  "listMyRefreshTokens" | "revokeMyRefreshToken" | "revokeAllMyRefreshTokens"
>;

/**
 * Revokes all refresh tokens of the user that ZITADEL lists, the caller's own included, but for those in `except`. Without
 * `except` in one call; ZITADEL refuses that where one listed token is gone, as after a sign-out in a browser, and they are
 * revoked one by one then. Of more than 1000 tokens only those that ZITADEL listed are revoked one by one.
 *
 * Rejects with the error of the list, or of the one call; what fails one by one is in `failed`, as of `revokeRefreshTokens`.
 * Before anything is revoked, with a TypeError for an id in `except` that is not listed: it may be mistyped.
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
