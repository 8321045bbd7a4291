import { randomBytes, randomUUID } from "node:crypto";
import type { Account, FoundToken } from "./accounts.js";
import type { Release } from "./release.js";
import { opaqueToken } from "./store.js";

/** What an app asks for, and then how far that is. */
export interface SignInRequest {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Of a device sign-in: what the person types. */
  readonly userCode: string;
  readonly nonce?: string | undefined;
  readonly codeChallenge?: string | undefined;
  readonly redirectUri?: string | undefined;
  /** In ms since 1970. */
  readonly expiresAt: number;
  /** Absent until somebody has decided. */
  decision?: SignIn | "denied";
}

/** Somebody who has signed in to an app. */
export interface SignIn extends Pick<SignInRequest, "clientId" | "scopes" | "nonce"> {
  readonly account: Account;
  readonly authTime: Date;
  /** The session's id; undefined on a release that has none. */
  readonly sessionId: string | undefined;
  /** The refresh token's id in lists; undefined on a release that lists none of these. */
  readonly refreshTokenId: string | undefined;
  /** Stands in the store for this sign-in, and is given to nobody: it ends when that ends. */
  readonly anchor: string;
  /** When each access token expires, in ms since 1970. */
  readonly accessTokens: Map<string, number>;
  /** Rotates: the one before is refused. */
  refreshToken: string | undefined;
}

const requestLifeMs = 300_000;
export const accessTokenLifeMs = 43_200_000;
const zitadelAudience = "urn:zitadel:iam:org:project:id:zitadel:aud";

/** Sign-ins under way, by device code or authorization code, and those that were made. */
export class SignInStore {
  readonly #requests = new Map<string, SignInRequest>();
  readonly #signIns: SignIn[] = [];
  #nextSessionId = 402_000_000_000_000_001n;

  constructor(
    readonly release: Release,
    readonly now: () => Date,
  ) {}

  /** Keeps a request, and returns its code. */
  request(request: Omit<SignInRequest, "userCode" | "expiresAt">): { code: string; request: SignInRequest } {
    const code = opaqueToken();
    const kept = { ...request, userCode: userCode(), expiresAt: this.now().getTime() + requestLifeMs };
    this.#requests.set(code, kept);
    return { code, request: kept };
  }

  find(code: string): SignInRequest | undefined {
    return this.#requests.get(code);
  }

  findByUserCode(typed: string): SignInRequest | undefined {
    const letters = typed.toUpperCase().replace(/[^A-Z]/g, "");
    return [...this.#requests.values()].find((each) => each.userCode.replace("-", "") === letters && !each.decision);
  }

  /** A code is good for one answer. */
  forget(code: string): void {
    this.#requests.delete(code);
  }

  /** Signs this user in as the request asks, from the browser of this `user-agent`. */
  approve(request: SignInRequest, account: Account, userAgent: string): void {
    const anchor = opaqueToken();
    const authTime = this.now();
    let sessionId: string | undefined;
    let refreshTokenId: string | undefined;
    if (this.release.hasSessions) {
      sessionId = String(this.#nextSessionId++);
      const header = { "user-agent": userAgent.split(",") };
      const session = { id: sessionId, accessToken: anchor, creationDate: authTime };
      const browser = { fingerprintId: randomUUID(), ip: "127.0.0.1", header };
      account.sessions.add(account.user, [{ ...session, userAgent: browser }], 0n, []);
    } else if (request.scopes.includes("offline_access")) {
      const { clientId, scopes } = request;
      refreshTokenId = account.store.add({ clientId, scopes, accessToken: anchor, authTime });
    }
    const { clientId, scopes, nonce } = request;
    const signIn: SignIn = {
      ...{ clientId, scopes, nonce, account, authTime, sessionId, refreshTokenId, anchor },
      accessTokens: new Map(),
      refreshToken: undefined,
    };
    this.#signIns.push(signIn);
    request.decision = signIn;
  }

  /** Gives a sign-in its next access token and, if it asked for one, its next refresh token. */
  issue(signIn: SignIn): string {
    const accessToken = opaqueToken();
    signIn.accessTokens.set(accessToken, this.now().getTime() + accessTokenLifeMs);
    if (signIn.scopes.includes("offline_access")) signIn.refreshToken = opaqueToken();
    return accessToken;
  }

  byRefreshToken(refreshToken: string): SignIn | undefined {
    return this.#signIns.find((each) => each.refreshToken === refreshToken && isLive(each));
  }

  byAccessToken(accessToken: string): SignIn | undefined {
    return this.#signIns.find((each) => each.accessTokens.has(accessToken));
  }

  /** Ends the tokens of a sign-in; its session goes on. */
  revoke(signIn: SignIn): void {
    signIn.accessTokens.clear();
    signIn.refreshToken = undefined;
    if (signIn.refreshTokenId !== undefined && isLive(signIn)) signIn.account.store.revoke(signIn.refreshTokenId, 0);
  }

  /** What an access token is, if it was issued here. */
  issued(accessToken: string): FoundToken | undefined {
    const signIn = this.byAccessToken(accessToken);
    if (signIn === undefined) return undefined;
    const isFresh = this.now().getTime() < (signIn.accessTokens.get(accessToken) ?? 0);
    const kind = !isFresh || !isLive(signIn) ? "expired" : "valid";
    const isForApi = signIn.scopes.includes(zitadelAudience);
    return { account: signIn.account, kind: isForApi ? kind : "wrongAudience", agentId: stored(signIn)?.agentId };
  }
}

function stored({ account, anchor }: SignIn) {
  return account.store.issued(anchor) ?? account.sessions.issued(anchor, account.user.id);
}

/** Where nothing is listed, nothing but revoking ends it. */
function isLive(signIn: SignIn): boolean {
  return stored(signIn)?.isLive ?? true;
}

/** Eight consonants, so that no word comes out. */
function userCode(): string {
  const letters = Array.from(randomBytes(8), (byte) => "BCDFGHJKLMNPQRSTVWXZ"[byte % 20]);
  return `${letters.slice(0, 4).join("")}-${letters.slice(4).join("")}`;
}
