import type { Release } from "../release.js";
import { demoSessions } from "./demo-sessions.js";
import { demoTokens } from "./demo-tokens.js";
import { opaqueToken, RefreshTokenStore } from "./refresh-token-store.js";
import type { SessionStore } from "./session-store.js";
import type { LocalAccessTokens, LocalUser, LocalUserOptions } from "./user.js";

/** How ZITADEL takes an access token. */
export type AccessTokenKind = keyof LocalAccessTokens;

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
