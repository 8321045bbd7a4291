import type { Session } from "../../gen/zitadel/session/v2/session_pb.js";
import type { RefreshToken } from "../../gen/zitadel/user_pb.js";

/** A user of the local ZITADEL. Everything has a default. */
export interface LocalUserOptions {
  /** Default: a made-up id of 18 digits. */
  readonly id?: string | undefined;
  /** What the user signs in with. Default: `user1@demo.localhost`, and so on. */
  readonly loginName?: string | undefined;
  /** The user's name for people. Default: `User 1`, and so on. */
  readonly displayName?: string | undefined;
  /** The access token that is valid. Default: a random one. */
  readonly token?: string | undefined;
  /** Id of the user's organization. */
  readonly resourceOwner?: string | undefined;
  /**
   * Origins that the OIDC app may be used from in a browser. REST refuses every other one (AUTH-DZG21); gRPC-Web does
   * not look. Default: only the server's own origin.
   */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Default: half a dozen of several apps, one of them idle-expired and one expired. `[]` for none. */
  readonly refreshTokens?: readonly LocalRefreshTokenOptions[] | undefined;
  /**
   * Where the user is signed in, as a current ZITADEL keeps it. `token` came from the first one. Default: a laptop, a
   * phone, an expired one, an unfinished one, and one of a login that tells nothing of the browser; none on release
   * 2.44, which has no API to list them. `[]` for none: then `token` is one of the old login.
   */
  readonly sessions?: readonly LocalSessionOptions[] | undefined;
}

/** A session of a user. Times are a `Date`, or an ISO string of up to nanoseconds; `null` leaves one out. */
export interface LocalSessionOptions {
  /** Default: a made-up id of 18 digits. */
  readonly id?: string | undefined;
  /** An access token that came from it, which ends with it. Default: a random one. */
  readonly accessToken?: string | undefined;
  /** Default: an hour ago. */
  readonly creationDate?: Date | string | null | undefined;
  /** Default: `creationDate`. */
  readonly changeDate?: Date | string | null | undefined;
  /** Default: a day after `creationDate`. Expired sessions stay listed. */
  readonly expirationDate?: Date | string | null | undefined;
  /** What the user has shown besides the name, and when. Default: the password. `{}` for nothing: unfinished. */
  readonly factors?: LocalSessionFactors | undefined;
  /** What the login told of the browser or device. Default: nothing. */
  readonly userAgent?: LocalUserAgent | undefined;
}

/** When each factor of a session was verified; what was not is left out. */
export interface LocalSessionFactors {
  /** The name. Default: the session's `creationDate`. */
  readonly user?: Date | string | undefined;
  readonly password?: Date | string | undefined;
  /** A passkey or security key. */
  readonly webAuthN?: Date | string | undefined;
  /** A sign-in at another identity provider. */
  readonly intent?: Date | string | undefined;
  readonly totp?: Date | string | undefined;
  readonly otpSms?: Date | string | undefined;
  readonly otpEmail?: Date | string | undefined;
}

/** A browser or device, as a login tells of it. */
export interface LocalUserAgent {
  /** The browser: its sessions are told to each other's access tokens. */
  readonly fingerprintId?: string | undefined;
  /** An address, or several joined by commas. */
  readonly ip?: string | undefined;
  /** ZITADEL's own login sends browser, device and system joined by commas, with gaps. */
  readonly description?: string | undefined;
  /** Request headers by name. ZITADEL's own login splits `user-agent` at its commas. */
  readonly header?: Readonly<Record<string, readonly string[]>> | undefined;
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
  readonly loginName: string;
  readonly displayName: string;
  readonly resourceOwner: string;
  /** A valid access token; the same as `tokens.valid`. */
  readonly token: string;
  readonly tokens: LocalAccessTokens;
  /** What is listed and can be revoked right now: without the lag and the limit of a list, in the order of creation. */
  readonly refreshTokens: readonly RefreshToken[];
  /** What has not been ended, without the limit of a list, in the order of creation. */
  readonly sessions: readonly Session[];
  /**
   * The access token that was issued with each refresh token, and one that came from each session, by their ids. It is
   * valid until that is revoked, signed out or ended. That of the first session is `token`.
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
  /** Of an OIDC app, and of the first session: it ends with that. */
  readonly valid: string;
  /** As valid: what the app gets when it refreshes. Of the first session too. */
  readonly refreshed: string;
  /** A personal access token: no audience and no origin is checked, and it came from no session and no browser. */
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

/** One request that the local ZITADEL got. */
export interface LocalRequest {
  /** Who served it; `other` for health checks and the like. A preflight has the protocol of the call it asks for. */
  readonly protocol: "grpc" | "grpc-web" | "rest" | "other";
  /** HTTP method. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly httpVersion: "1.1" | "2";
  /** By lower-case name. The access token is left out: `authorization` is `Bearer [redacted]`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which connection it came on: the first is 1. */
  readonly connection: number;
}

/** A file that the local server gives to whoever asks, such as a page's. */
export interface LocalAsset {
  readonly headers: Readonly<Record<string, string>>;
  /** A function makes it from the request's headers, by lower-case name, or not: then the answer is 403. */
  readonly body: string | Uint8Array | ((headers: Readonly<Record<string, string>>) => string | undefined);
}
