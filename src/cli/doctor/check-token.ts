import { adviceOn, audienceScope, remedyOf, signInAgain } from "../../advice.js";
import { getErrorInfo } from "../../node.js";
import { explainError, isRefusal } from "../explain-error.js";
import type { Settings } from "../input/settings.js";
import { relativeTime } from "../terminal/relative-time.js";
import { type Finding, failed, ok, skipped, type Verdict, warning } from "./finding.js";
import { type JwtClaims, readJwtClaims } from "./jwt-claims.js";
import type { Calls } from "./make-calls.js";

const check = "token";
const signInWithScope = `sign in again and ask for the scope ${audienceScope}: a refresh keeps the old scopes`;

/** Looks at the token itself: its shape, and what it says where it is a JWT. Shows no part of it but its claims. */
export function checkToken(settings: Settings): Finding {
  const { token, url } = settings;
  if (!token) {
    const remedy = "set ZITADEL_TOKEN, or pass --token-file PATH (- for standard input)";
    return failed(check, "token-missing", "there is no access token", remedy);
  }
  if (token.mistake) return failed(check, "token-malformed", token.mistake, `look at what ${token.source} holds`);
  const claims = readJwtClaims(token.value);
  if (claims) return checkClaims(claims, url, Date.now());
  return ok(check, `opaque, ${token.value.length} characters from ${token.source}: only ZITADEL knows its expiry`);
}

function checkClaims(claims: JwtClaims, url: string, now: number): Finding {
  const { iss, exp, nbf, scope } = claims;
  if (claims.nonce !== undefined || claims.at_hash !== undefined) {
    const remedy = "use the access_token of the token response, not its id_token";
    return failed(check, "token-id-token", "this is an ID token, which tells an app who signed in", remedy);
  }
  const expiry = toTime(exp);
  if (expiry && expiry.getTime() <= now) {
    return failed(check, "token-expired", `it expired ${relativeTime(expiry, now)} (${iso(expiry)})`, signInAgain);
  }
  const start = toTime(nbf) ?? toTime(claims.iat);
  if (start && start.getTime() > now) {
    const remedy = "is the clock of this machine, or of the issuer, wrong?";
    return failed(check, "token-early", `it is not valid before ${iso(start)}`, remedy);
  }
  if (typeof iss === "string" && hostOf(iss) !== hostOf(url)) {
    const message = `it was issued by ${iss}, which is not the instance that is called`;
    return warning(check, "token-issuer", message, "use that instance's URL, or a token of this one");
  }
  if (typeof scope === "string" && !scope.split(" ").includes(audienceScope)) {
    const message = `its scopes lack ${audienceScope}: ZITADEL's API may not be in its audience`;
    return warning(check, "token-audience", message, signInWithScope);
  }
  const audience = audienceOf(claims);
  const parts = [
    "a JWT",
    ...(expiry ? [`expires ${relativeTime(expiry, now)}`] : []),
    ...(audience.length > 0 ? [`for ${audience.join(" ")}`] : []),
    ...(typeof scope === "string" ? [`with the scopes ${scope}`] : []),
  ];
  return ok(check, parts.join(", "));
}

/** Says what ZITADEL thinks of the token, which counts more than what the token says. */
export function checkAcceptance({ response, error }: Calls, settings: Settings): Finding {
  if (response) return ok("acceptance", "ZITADEL takes the token");
  if (!error || !isRefusal(error)) {
    return skipped("acceptance", "no call got through");
  }
  if (!settings.token) return skipped("acceptance", "ZITADEL was asked without a token, since there is none to send");
  const { message } = explainError(error, settings);
  const info = getErrorInfo(error);
  if (info.id === "AUTH-7fs1e") return refusal(message, settings.token.value);
  const advice = adviceOn(info, error.rawMessage);
  const verdict = (advice.verdict ?? "error") as Verdict;
  return failed("acceptance", verdict, message, remedyOf(advice, info, settings) ?? signInAgain);
}

// ZITADEL answers the same whether a token is expired, revoked or for others; what a JWT says tells them apart.
function refusal(message: string, token: string): Finding {
  const claims = readJwtClaims(token);
  if (!claims) {
    const remedy = `if it is not expired: ${signInWithScope}`;
    return failed("acceptance", "token-refused", message, remedy);
  }
  const hasScope = typeof claims.scope === "string" && claims.scope.split(" ").includes(audienceScope);
  const expiry = toTime(claims.exp);
  if (hasScope || (expiry && expiry.getTime() <= Date.now())) {
    return failed("acceptance", "token-refused", message, signInAgain);
  }
  const audience = audienceOf(claims).join(" ") || "nobody";
  const why = `it is not expired, and for ${audience}: is the ZITADEL project of the instance among them?`;
  return failed("acceptance", "token-audience", why, `if not, ${signInWithScope}; if so, it was revoked`);
}

function audienceOf({ aud }: JwtClaims): string[] {
  return [aud].flat().filter((each) => typeof each === "string");
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}

// NumericDate, RFC 7519 §2; out of a Date's range is none.
function toTime(seconds: unknown): Date | undefined {
  const time = new Date(typeof seconds === "number" ? seconds * 1_000 : Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

function iso(time: Date): string {
  return time.toISOString().replace(/\.\d+/, "");
}
