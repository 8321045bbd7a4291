import { Code, type ConnectError } from "@connectrpc/connect";
import type { AccessTokenKind, Account } from "./account.js";
import type { Instance } from "./instance.js";
import { zitadelError } from "./zitadel-error.js";

/** What a call says about itself. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Only of a REST call: gRPC-Web's origin is not looked at. */
  readonly origin: string | undefined;
  /** `x-zitadel-orgid` */
  readonly orgId: string | undefined;
  /** The server's own origin, which an app may use by default. */
  readonly ownOrigin: string;
}

/** Whose access token it is, and which browser it came from. */
export interface Authorized {
  readonly account: Account;
  readonly agentId: string | undefined;
}

/** Finds out whose call it is, or why it is refused, in ZITADEL's order. */
export function authorize({ accounts, release }: Instance, credentials: Credentials): Authorized {
  const { authorization, origin, orgId, ownOrigin } = credentials;
  if (!authorization) throw zitadelError(Code.Unauthenticated, "auth header missing");
  // Split as ZITADEL splits it: case matters, and the token must not hold the word again.
  const [, token, ...rest] = authorization.split("Bearer ");
  if (token === undefined || rest.length > 0) {
    throw zitadelError(Code.Unauthenticated, "invalid auth header", release.noBearerId);
  }
  const { account, kind, agentId } = findToken(accounts, token);
  switch (kind) {
    case "expired":
    case "wrongAudience":
      throw invalidToken();
    case "impersonation":
      throw zitadelError(Code.PermissionDenied, "Errors.TokenExchange.Token.NotForAPI", "APP-wai8O");
    case "mfaRequired":
      throw zitadelError(Code.PermissionDenied, "mfa required", "AUTHZ-Kl3p0");
    case "notAuthenticated":
      throw zitadelError(Code.PermissionDenied, "authentication required", "AUTHZ-Kl3p0");
  }
  // A personal access token belongs to no app, so there is no list of origins to look at.
  const allowed = account.allowedOrigins ?? [ownOrigin];
  if (origin !== undefined && kind !== "personal" && !allowed.includes(origin)) {
    throw zitadelError(Code.PermissionDenied, "Errors.OriginNotAllowed", "AUTH-DZG21");
  }
  if (orgId && !accounts.some(({ user }) => user.resourceOwner === orgId)) throw unknownOrganisation();
  return { account, agentId };
}

/** One error for every token that is no good: ZITADEL tells nobody why. */
export function invalidToken(): ConnectError {
  return zitadelError(Code.Unauthenticated, "Errors.Token.Invalid", "AUTH-7fs1e");
}

export function unknownOrganisation(): ConnectError {
  return zitadelError(Code.PermissionDenied, "Organisation doesn't exist", "AUTH-Bs7Ds");
}

function findToken(accounts: readonly Account[], token: string): Authorized & { kind: AccessTokenKind } {
  for (const account of accounts) {
    const issued = account.store.issued(token) ?? account.sessions.issued(token, account.user.id);
    if (issued !== undefined) {
      return { account, kind: issued.isLive ? "valid" : "expired", agentId: issued.agentId };
    }
    for (const [kind, value] of Object.entries(account.user.tokens)) {
      if (value === token) {
        // Of the old login, which makes no session.
        const agentId = kind === "personal" ? undefined : "some browser";
        return { account, kind: kind as AccessTokenKind, agentId };
      }
    }
  }
  throw invalidToken();
}
