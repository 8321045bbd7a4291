import { getErrorInfo } from "../../node.js";
import { adviceOn, audienceScope, remedyOf, signInAgain } from "../advice.js";
import { explainError, isRefusal } from "../explain-error.js";
import { relativeTime } from "../in-words.js";
import type { Settings } from "../input/settings.js";
import type { Calls } from "./check-protocol.js";
import { type Finding, finder, ok, skipped } from "./finding.js";

const signInWithScope = `sign in again and ask for the scope ${audienceScope}: a refresh keeps the old scopes`;

export const tokenVerdicts = {
  "token-missing": [
    "failed",
    "there is no access token",
    "run login, set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)",
  ],
  "token-malformed": ["failed", "{mistake}", "look at what {source} holds"],
  "token-id-token": [
    "failed",
    "this is an ID token, which tells an app who signed in",
    "use the access_token of the token response, not its id_token",
  ],
  "token-expired": ["failed", "it expired {ago} ({time})", signInAgain],
  "token-issuer": [
    "warning",
    "it was issued by {issuer}, which is not the instance that is called",
    "use that instance's URL, or a token of this one",
  ],
} as const;

/** What ZITADEL itself can find wrong with a token. */
export const acceptanceVerdicts = {
  "token-refused": ["failed", "{message}", "{remedy}"],
  "token-audience": [
    "failed",
    "it is not expired, and for {audience}: is the ZITADEL project of the instance among them?",
    `if not, ${signInWithScope}; if so, it was revoked`,
  ],
} as const;

const found = finder("token", tokenVerdicts);
const accepted = finder("acceptance", acceptanceVerdicts);

/** Looks at the token itself: its shape, and what it says where it is a JWT. Shows no part of it but its claims. */
export function checkToken({ token, url }: Settings): Finding {
  if (!token) return found("token-missing");
  const { value, source, mistake } = token;
  if (mistake) return found("token-malformed", { mistake, source });
  const claims = readClaims(value);
  if (claims) return checkClaims(claims, url, Date.now());
  return ok("token", `opaque, ${value.length} characters from ${source}: only ZITADEL knows its expiry`);
}

function checkClaims(claims: Claims, url: string, now: number): Finding {
  const { iss, scope, nonce, at_hash: hash } = claims;
  if (nonce !== undefined || hash !== undefined) return found("token-id-token");
  const expiry = expiryOf(claims);
  if (expiry && expiry.getTime() <= now) {
    const time = expiry.toISOString().replace(/\.\d+/, "");
    return found("token-expired", { ago: relativeTime(expiry, now), time });
  }
  if (typeof iss === "string" && hostOf(iss) !== hostOf(url)) return found("token-issuer", { issuer: iss });
  const audience = audienceOf(claims);
  const parts = [
    "a JWT",
    ...(expiry ? [`expires ${relativeTime(expiry, now)}`] : []),
    ...(audience.length > 0 ? [`for ${audience.join(" ")}`] : []),
    ...(typeof scope === "string" ? [`with the scopes ${scope}`] : []),
  ];
  return ok("token", parts.join(", "));
}

/** Says what ZITADEL thinks of the token, which counts more than what the token says. */
export function checkAcceptance({ response, error }: Calls, settings: Settings): Finding {
  if (response) return ok("acceptance", "ZITADEL takes the token");
  if (!error || !isRefusal(error)) return skipped("acceptance", "no call got through");
  if (!settings.token) return skipped("acceptance", "ZITADEL was asked without a token, since there is none to send");
  const { message } = explainError(error, settings);
  const info = getErrorInfo(error);
  if (info.id === "AUTH-7fs1e") return explainRefusal(message, readClaims(settings.token.value));
  const remedy = remedyOf(adviceOn(info, error.rawMessage), info, settings) ?? signInAgain;
  return accepted("token-refused", { message, remedy });
}

// ZITADEL answers the same whether a token is expired, revoked or for others; what a JWT says tells them apart.
function explainRefusal(message: string, claims: Claims | undefined): Finding {
  if (!claims) return accepted("token-refused", { message, remedy: `if it is not expired: ${signInWithScope}` });
  const expiry = expiryOf(claims);
  const isExpired = expiry && expiry.getTime() <= Date.now();
  if (isExpired || hasAudienceScope(claims)) return accepted("token-refused", { message, remedy: signInAgain });
  return accepted("token-audience", { audience: audienceOf(claims).join(" ") || "nobody" });
}

/** What a JWT says about itself; nothing of it is verified. */
type Claims = Readonly<Record<string, unknown>>;

/** Reads a JWT's claims, `undefined` if the token is none. */
function readClaims(token: string): Claims | undefined {
  const [, payload = "", signature, ...rest] = token.split(".");
  if (signature === undefined || rest.length > 0) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}

function hasAudienceScope({ scope }: Claims): boolean {
  return typeof scope === "string" && scope.split(" ").includes(audienceScope);
}

function audienceOf({ aud }: Claims): string[] {
  return [aud].flat().filter((each) => typeof each === "string");
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}

// NumericDate, RFC 7519 §2; out of a Date's range is none.
function expiryOf({ exp }: Claims): Date | undefined {
  const time = new Date(typeof exp === "number" ? exp * 1_000 : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
