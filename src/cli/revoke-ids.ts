import type { AuthClient, RevokeResult } from "../node.js";

/** What became of each id, with what a `RevokeResult` alone does not say. */
export interface Revoked extends RevokeResult {
  /** Ids that an attempt before, whose answer was lost, may have revoked. */
  readonly maybeRevoked: readonly string[];
}

/** Revokes tokens one by one. */
export async function revokeIds(auth: AuthClient, ids: readonly string[], signal: AbortSignal): Promise<Revoked> {
  const { getErrorInfo, revokeRefreshTokens } = await import("../node.js");
  const maybeRevoked: string[] = [];
  const recorded: Pick<AuthClient, "revokeMyRefreshToken"> = {
    revokeMyRefreshToken: (request, options) =>
      auth.revokeMyRefreshToken(request, options).catch((error: unknown) => {
        if (request.id && getErrorInfo(error).maybeApplied) maybeRevoked.push(request.id);
        throw error;
      }),
  };
  return { ...(await revokeRefreshTokens(recorded, ids, { signal })), maybeRevoked };
}
