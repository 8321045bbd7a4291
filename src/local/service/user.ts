import type { RefreshToken } from "../../../gen/zitadel/user_pb.js";

/** A user of the local ZITADEL. Everything has a default. */
export interface LocalUserOptions {
  /** Default: a made-up id of 18 digits. */
  readonly id?: string | undefined;
  /** The access token that is valid. Default: a random one. */
  readonly token?: string | undefined;
  /** Id of the user's organization. */
  readonly resourceOwner?: string | undefined;
  /** The language the user prefers, such as `de`: it goes before the `accept-language` of a call. */
  readonly language?: string | undefined;
  /**
   * Origins that the OIDC app may be used from in a browser. REST refuses every other one (AUTH-DZG21); gRPC-Web does
   * not look. Default: only the server's own origin.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Default: half a dozen of several apps, one of them idle-expired and one expired. `[]` for none. */
  readonly refreshTokens?: readonly LocalRefreshTokenOptions[] | undefined;
}

/**
 * A refresh token of a user. Times are a `Date`, or an ISO string of up to nanoseconds; `null` is for a time that
 * ZITADEL does not know: it leaves out `creationDate` and `changeDate`, and for the others sends Go's zero time.
 */
export interface LocalRefreshTokenOptions {
  /** Default: a made-up id of 18 digits. */
  readonly id?: string | undefined;
  readonly clientId?: string | undefined;
  /** Default: the user's. */
  readonly resourceOwner?: string | undefined;
  /** The access token that was issued with it, which ends when it is revoked. Default: a random one. */
  readonly accessToken?: string | undefined;
  /** The browser or device. One token at most is listed per app, device and user, the last; the others can be revoked. */
  readonly userAgentId?: string | undefined;
  /** When the user signed in. Default: an hour ago. */
  readonly authTime?: Date | string | null | undefined;
  /** When the token was issued. Default: `authTime`. */
  readonly creationDate?: Date | string | null | undefined;
  /** When the token was last used. Default: `creationDate`. */
  readonly changeDate?: Date | string | null | undefined;
  /** Default: 30 days after `changeDate`. */
  readonly idleExpiration?: Date | string | null | undefined;
  /** Default: 90 days after `creationDate`. */
  readonly expiration?: Date | string | null | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly sequence?: number | bigint | undefined;
  /**
   * Listed although its user has signed out since: it cannot be revoked, and revoking all fails (COMMAND-BHt2w).
   * Default false.
   */
  readonly stale?: boolean | undefined;
}

/** A user as the local ZITADEL knows it. */
export interface LocalUser {
  readonly id: string;
  readonly resourceOwner: string;
  /** A valid access token; the same as `tokens.valid`. */
  readonly token: string;
  readonly tokens: LocalAccessTokens;
  /** What is listed and can be revoked right now: without the lag and the limit of a list, in the order of creation. */
  readonly refreshTokens: readonly RefreshToken[];
  /**
   * The access token that was issued with each refresh token, by its id. It is valid until that is revoked or signed
   * out; `token` hangs on none.
   */
  readonly accessTokens: ReadonlyMap<string, string>;
  /**
   * Signs out where a refresh token was issued. Its access token ends; it stays listed, cannot be revoked any more
   * (COMMAND-BHt2w), and makes revoking all fail.
   */
  signOut(refreshTokenId: string): void;
}

/** Access tokens of one user, one for each way in which ZITADEL can take them. */
export interface LocalAccessTokens {
  /** Of an OIDC app. */
  readonly valid: string;
  /** As valid: what the app gets when it refreshes. */
  readonly refreshed: string;
  /** A personal access token: no audience and no origin is checked. */
  readonly personal: string;
  /** Refused with AUTH-7fs1e. */
  readonly expired: string;
  /** Lacks the scope `urn:zitadel:iam:org:project:id:zitadel:aud`. Refused with AUTH-7fs1e. */
  readonly wrongAudience: string;
  /** The user has to use a second factor first. Refused with AUTHZ-Kl3p0. */
  readonly mfaRequired: string;
  /** Of a session in which nothing has been checked yet. Refused with AUTHZ-Kl3p0. */
  readonly notAuthenticated: string;
  /** Made by token exchange, to act as somebody else. Refused with APP-wai8O. */
  readonly impersonation: string;
}
