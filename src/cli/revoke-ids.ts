import type { AuthClient, RevokeResult } from "../node.js";

/** What became of each id, with what a `RevokeResult` alone does not say. */
export interface Revoked extends RevokeResult {
  /** Ids that an attempt before, whose answer was lost, may have revoked. */
  readonly maybeRevoked: readonly string[];
}

type RevokeCalls = Pick<AuthClient, "revokeMyRefreshToken" | "revokeAllMyRefreshTokens">;

/** Revokes `ids` as `revoke` does, by calls that are watched for attempts whose answer was lost. */
export async function revokeIds(
  auth: AuthClient,
  ids: readonly string[],
  revoke: (calls: RevokeCalls) => Promise<RevokeResult>,
): Promise<Revoked> {
  const { getErrorInfo } = await import("../node.js");
  const maybeRevoked: string[] = [];
  const note = (ids: readonly string[]) => (error: unknown) => {
    if (getErrorInfo(error).maybeApplied) maybeRevoked.push(...ids);
    throw error;
  };
  const result = await revoke({
    revokeMyRefreshToken: (request, options) =>
      auth.revokeMyRefreshToken(request, options).catch(note([request.id ?? ""])),
    revokeAllMyRefreshTokens: (request, options) => auth.revokeAllMyRefreshTokens(request, options).catch(note(ids)),
  });
  return { ...result, maybeRevoked };
}
