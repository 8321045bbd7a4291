// Stands for the code of your own that is to be tested.
import { type RevokeResult, revokeRefreshTokens, type UserClient, viewRefreshTokens } from "zitadel-refresh-tokens";

/** Revokes all refresh tokens of the user but the one that the app `clientId` used last. */
export async function signOutElsewhere(auth: UserClient, clientId: string): Promise<RevokeResult> {
  const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}));
  const own = tokens.find((token) => token.clientId === clientId);
  return revokeRefreshTokens(
    auth,
    tokens.filter((token) => token !== own).map((token) => token.id),
  );
}
