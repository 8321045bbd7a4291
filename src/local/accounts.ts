import { Code, type ConnectError } from "@connectrpc/connect";
import { demoSessions, demoTokens } from "./demo.js";
import type { LocalAccessTokens, LocalUser, LocalUserOptions } from "./public.js";
import { RefreshTokenStore } from "./refresh-tokens.js";
import type { Release } from "./release.js";
import type { SessionStore } from "./sessions.js";
import { opaqueToken } from "./store.js";
import { zitadelError } from "./zitadel-error.js";

/** How ZITADEL takes an access token. */
type AccessTokenKind = keyof LocalAccessTokens;

/** A user, with what only the server needs to know. */
export interface Account {
  readonly user: LocalUser;
  readonly store: RefreshTokenStore;
  /** Of all users. */
  readonly sessions: SessionStore;
  readonly allowedOrigins: readonly string[] | undefined;
}

// ZITADEL's ids are sonyflakes: decimal, 18 digits, growing.
const firstUserId = 320_020_000_000_000_000n;
const firstRefreshTokenId = 324_567_890_123_456_789n;
const firstSessionId = 401_946_739_055_004_710n;

/** Creates the account of the user with this place among all. */
export function createAccount(
  options: LocalUserOptions,
  index: number,
  release: Release,
  sessions: SessionStore,
): Account {
  const { id = String(firstUserId + BigInt(index)), resourceOwner = "320000000000000001", token } = options;
  const { loginName = `user${index + 1}@demo.localhost`, displayName = `User ${index + 1}` } = options;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("a user's token must be visible ASCII without spaces, as a header can carry it");
  }
  const { journal } = sessions;
  const defaultClientId = release.clientId("320010000000000011", "customers");
  const tokens = (options.refreshTokens ?? demoTokens(journal.now(), release)).map((each) => {
    return { ...each, clientId: each.clientId ?? defaultClientId };
  });
  const firstId = firstRefreshTokenId + BigInt(index) * 1_000_000n;
  const store = new RefreshTokenStore(resourceOwner, journal, tokens, firstId);
  const signIns = options.sessions ?? (release.hasSessions ? demoSessions(journal.now()) : []);
  const valid = token ?? signIns[0]?.accessToken ?? opaqueToken();
  const refreshed = opaqueToken();
  const sessionTokens = sessions.add(
    { id, loginName, displayName, resourceOwner },
    signIns,
    firstSessionId + BigInt(index) * 1_000_000n,
    [valid, refreshed],
  );
  const user: LocalUser = {
    id,
    loginName,
    displayName,
    resourceOwner,
    token: valid,
    tokens: {
      valid,
      refreshed,
      personal: opaqueToken(),
      expired: opaqueToken(),
      wrongAudience: opaqueToken(),
      mfaRequired: opaqueToken(),
      notAuthenticated: opaqueToken(),
      impersonation: opaqueToken(),
    },
    get refreshTokens() {
      return store.live;
    },
    get sessions() {
      return sessions.of(id);
    },
    accessTokens: new Map([...store.accessTokens, ...sessionTokens]),
    signOut: (id) => store.signOut(id),
  };
  return { user, store, sessions, allowedOrigins: options.allowedOrigins };
}

/** What a call says about itself. */
interface Credentials {
  readonly authorization: string | undefined;
  /** Only of a REST call: gRPC-Web's origin is not looked at. */
  readonly origin: string | undefined;
  /** `x-zitadel-orgid` */
  readonly orgId: string | undefined;
  /** The server's own origin, which an app may use by default. */
  readonly ownOrigin: string;
}

/** Whose access token it is, and which browser it came from; a personal one came from none. */
interface Authorized {
  readonly account: Account;
  readonly agentId: string | undefined;
}

/** An access token that was given out. */
export interface FoundToken extends Authorized {
  readonly kind: AccessTokenKind;
}

/** Finds out whose call it is, or why it is refused, in ZITADEL's order. */
export function authorize(
  accounts: readonly Account[],
  release: Release,
  credentials: Credentials,
  findIssued: (token: string) => FoundToken | undefined,
): Authorized {
  const { authorization, origin, orgId, ownOrigin } = credentials;
  if (!authorization) throw zitadelError(Code.Unauthenticated, "auth header missing");
  // Split as ZITADEL splits it: case matters, and the token must not hold the word again.
  const [, token, ...rest] = authorization.split("Bearer ");
  if (token === undefined || rest.length > 0) {
    throw zitadelError(Code.Unauthenticated, "invalid auth header", release.noBearerId);
  }
  const { account, kind, agentId } = findIssued(token) ?? findToken(accounts, token);
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

function findToken(accounts: readonly Account[], token: string): FoundToken {
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
