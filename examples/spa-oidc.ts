// A single-page app that signs in with oidc-client-ts, lists the user's refresh tokens, and asks before it revokes one.
import { ErrorResponse, UserManager } from "oidc-client-ts";
import { Code, createAuthClient, getErrorInfo, type TokenContext, viewRefreshTokens } from "zitadel-refresh-tokens";

const instance = "https://my-instance.zitadel.cloud";

const sessions = new UserManager({
  authority: instance,
  client_id: "320010000000000011",
  redirect_uri: `${location.origin}/callback`,
  // The last one lets the token be used for ZITADEL's own API.
  scope: "openid profile offline_access urn:zitadel:iam:org:project:id:zitadel:aud",
  // This page asks for a new token when ZITADEL refuses the old one.
  automaticSilentRenew: false,
});

async function accessToken({ refresh }: TokenContext): Promise<string> {
  const session = refresh ? await sessions.signinSilent() : await sessions.getUser();
  if (!session) throw new Error("signed out");
  return session.access_token;
}

// ZITADEL accepts gRPC-Web from any origin, but REST only from the origins that the app lists.
const auth = createAuthClient({ baseUrl: instance, token: accessToken });

async function show(): Promise<void> {
  const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}));
  const rows = tokens.map(({ id, clientId, usableUntil }) => {
    const row = document.createElement("li");
    const revoke = document.createElement("button");
    revoke.textContent = "Revoke";
    revoke.onclick = async () => {
      if (!confirm(`End the sign-in of ${clientId}?`)) return;
      await auth.revokeMyRefreshToken({ id }).then(() => row.remove(), tellError);
    };
    row.append(`${clientId} until ${usableUntil?.toLocaleString()} `, revoke);
    return row;
  });
  const list = document.createElement("ul");
  list.append(...rows);
  document.body.replaceChildren(list);
}

function tellError(error: unknown): void {
  const { code, reason } = getErrorInfo(error);
  // What `accessToken` throws arrives here unchanged: an ErrorResponse if the refresh token is refused.
  const isSignedOut = error instanceof ErrorResponse || code === Code.Unauthenticated;
  if (isSignedOut) document.body.append("You are signed out: sign in again.");
  else if (reason === "token-provider") document.body.append("You seem to be offline: try again later.");
  else document.body.append(String(error));
}

if (location.pathname === "/callback") {
  await sessions.signinCallback();
  history.replaceState({}, "", "/");
}
if (await sessions.getUser()) await show().catch(tellError);
else await sessions.signinRedirect();
