import { demoTokens } from "./demo-tokens.js";
import type { Journal } from "./journal.js";
import { opaqueToken, RefreshTokenStore } from "./refresh-token-store.js";
import type { LocalAccessTokens, LocalUser, LocalUserOptions } from "./user.js";

/** How ZITADEL takes an access token. */
export type AccessTokenKind = keyof LocalAccessTokens;

/** A user, with what only the server needs to know. */
export interface Account {
  readonly user: LocalUser;
  readonly store: RefreshTokenStore;
  readonly language: string | undefined;
  readonly allowedOrigins: readonly string[] | undefined;
}

// ZITADEL's ids are sonyflakes: decimal, 18 digits, growing.
const firstUserId = 320_020_000_000_000_000n;
const firstRefreshTokenId = 324_567_890_123_456_789n;

export function createAccount(options: LocalUserOptions, index: number, journal: Journal): Account {
  const { id = String(firstUserId + BigInt(index)), resourceOwner = "320000000000000001", token } = options;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("a user's token must be visible ASCII without spaces, as a header can carry it");
  }
  const tokens = options.refreshTokens ?? demoTokens(journal.now());
  const firstId = firstRefreshTokenId + BigInt(index) * 1_000_000n;
  const store = new RefreshTokenStore(resourceOwner, journal, tokens, firstId);
  const valid = token ?? opaqueToken();
  const user: LocalUser = {
    id,
    resourceOwner,
    token: valid,
    tokens: {
      valid,
      refreshed: opaqueToken(),
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
    accessTokens: store.accessTokens,
    signOut: (id) => store.signOut(id),
  };
  return { user, store, language: options.language, allowedOrigins: options.allowedOrigins };
}
