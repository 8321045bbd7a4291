import { setTimeout as sleep } from "node:timers/promises";
import type { Configuration, DeviceAuthorizationResponse, TokenEndpointResponse } from "openid-client";
import { CommandError, exitCodes } from "../command-error.js";
import { createFetch, NoAnswer } from "../connect/fetch.js";
import type { Login } from "./login-file.js";

/** Where an app signs users in. */
export interface OpenIdServer {
  readonly url: string;
  readonly clientId: string;
  /** Certificates to trust, PEM. */
  readonly ca: string | undefined;
}

/** What a person needs to approve a login. */
export type Approval = Pick<
  DeviceAuthorizationResponse,
  "user_code" | "verification_uri" | "verification_uri_complete"
>;

/** Signs in by device code (RFC 8628): `show` tells the person where to approve. */
export async function signIn(
  server: OpenIdServer,
  scope: string,
  show: (approval: Approval) => void,
  signal: AbortSignal,
): Promise<Login> {
  try {
    const { openid } = await import("./packages.js");
    const config = await discover(server);
    const started = await openid.initiateDeviceAuthorization(config, { scope });
    show(started);
    const tokens = await poll(config, started, signal);
    const claims = tokens.claims();
    const profile = await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? openid.skipSubjectCheck);
    const user = profile.preferred_username ?? profile.name ?? profile.sub;
    return { url: server.url, clientId: server.clientId, user, ...kept(tokens) };
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error, server);
  }
}

/** Gets the next tokens of a login; its refresh token is spent. */
export async function refreshTokens(login: Login, ca: string | undefined): Promise<Login> {
  const { url, clientId, refreshToken } = login;
  if (refreshToken === undefined) throw loginEnded(url);
  try {
    const { openid } = await import("./packages.js");
    const tokens = await openid.refreshTokenGrant(await discover({ url, clientId, ca }), refreshToken);
    // Without a new one the old one stays good (RFC 6749 §6).
    return { ...login, refreshToken, ...kept(tokens) };
  } catch (error) {
    if (/^invalid_(grant|request)$/.test(oauthCode(error))) throw loginEnded(url);
    throw explain(error, { url, clientId });
  }
}

/** Ends the tokens of a login. */
export async function revokeTokens({ url, clientId, refreshToken, accessToken }: Login, ca: string | undefined) {
  try {
    const { openid } = await import("./packages.js");
    await openid.tokenRevocation(await discover({ url, clientId, ca }), refreshToken ?? accessToken);
  } catch (error) {
    throw explain(error, { url, clientId });
  }
}

async function discover({ url, clientId, ca }: OpenIdServer): Promise<Configuration> {
  const { openid } = await import("./packages.js");
  // Whether http: is all right has been asked before.
  const execute = url.startsWith("http:") ? [openid.allowInsecureRequests] : [];
  const options = { execute, [openid.customFetch]: createFetch(ca) };
  return await openid.discovery(new URL(url), clientId, undefined, openid.None(), options);
}

/** Waits for the approval, through a network that comes and goes. */
async function poll(config: Configuration, started: DeviceAuthorizationResponse, signal: AbortSignal) {
  const { openid } = await import("./packages.js");
  const endsAt = performance.now() + started.expires_in * 1000;
  for (;;) {
    try {
      return await openid.pollDeviceAuthorizationGrant(config, started, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() >= endsAt || oauthCode(error) === "expired_token") {
        throw new CommandError("nobody approved before the code expired: run login again", exitCodes.notAllowed);
      }
      if (!causesOf(error).some((each) => each instanceof NoAnswer)) throw error;
      await sleep((started.interval ?? 5) * 1000, undefined, { signal });
    }
  }
}

function kept(tokens: TokenEndpointResponse) {
  const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken, expires_in: seconds } = tokens;
  const expiresAt = Date.now() + (seconds ?? 300) * 1000;
  return { accessToken, expiresAt, ...(refreshToken && { refreshToken }), ...(idToken && { idToken }) };
}

function loginEnded(url: string): CommandError {
  return new CommandError(`the login to ${url} has ended: run login again`, exitCodes.notAllowed);
}

/** OAuth's name of what an endpoint refused. */
function oauthCode(error: unknown): string {
  const { error: name } = error as { error?: unknown };
  return typeof name === "string" ? name : "";
}

/** An error and its causes. */
function causesOf(error: unknown): Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}

/** Says what is wrong and what to do about it. What openid-client says may hold an answer, so it is not repeated. */
function explain(error: unknown, { url, clientId }: Pick<OpenIdServer, "url" | "clientId">): Error {
  const all = causesOf(error);
  const known = all.find((each) => each instanceof CommandError || each.name === "ProxyError");
  if (known) return known instanceof CommandError ? known : new CommandError(known.message, exitCodes.failed);
  const refused = refusals[oauthCode(error)];
  if (refused) return new CommandError(refused(clientId), exitCodes.notAllowed);
  if (all.some((each) => each instanceof NoAnswer)) {
    const code = all.map((each) => (each as NodeJS.ErrnoException).code).find((each) => typeof each === "string");
    return new CommandError(
      `no answer from ${url}${code ? ` (${code})` : ""}: run doctor to find out why`,
      exitCodes.failed,
    );
  }
  const { code, cause } = error as { code?: string; cause?: { body?: { issuer?: unknown }; claims?: object } };
  const { issuer } = cause?.body ?? {};
  if (code === "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED" && typeof issuer === "string") {
    return new CommandError(`the server at ${url} calls itself ${issuer}: pass --url ${issuer}`, exitCodes.usage);
  }
  if (code === "OAUTH_JWT_TIMESTAMP_CHECK_FAILED") {
    return new CommandError("the clocks of this machine and of ZITADEL differ: set this one right", exitCodes.failed);
  }
  const name = oauthCode(error) || code || all.at(-1)?.name;
  return new CommandError(
    `${url} does not answer as ZITADEL's sign-in does (${name}): check --url, or run doctor`,
    exitCodes.failed,
  );
}

const refusals: Record<string, (clientId: string) => string> = {
  invalid_client: (id) => `ZITADEL knows no app "${id}" without a secret: check --client-id in its console`,
  unauthorized_client: (id) =>
    `the app "${id}" may not sign in here: in ZITADEL's console allow it Device Code and Refresh Token`,
  access_denied: () => "the sign-in was refused: run login again if that was a mistake",
};
