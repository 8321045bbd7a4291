import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type Answer, type Exchange, textAnswer } from "./exchange.js";
import { type Instance, isHostAllowed } from "./instance.js";
import { deviceGrant } from "./sign-in-apps.js";
import { approvalPage, messagePage } from "./sign-in-page.js";
import { accessTokenLifeMs, type SignIn, type SignInRequest } from "./sign-in-store.js";

/** Answers a request for one endpoint: `form` holds the fields of the body or, of a GET, of the query. */
type Endpoint = (instance: Instance, exchange: Exchange, form: URLSearchParams) => Answer;

/**
 * ZITADEL's OpenID Connect, of which an app needs: discovery, authorization code with PKCE (RFC 7636), device
 * authorization (RFC 8628), refresh, revocation (RFC 7009), keys and userinfo.
 */
const endpoints: Readonly<Record<string, { readonly methods: readonly string[]; readonly answer: Endpoint }>> = {
  "/.well-known/openid-configuration": { methods: ["GET"], answer: discovery },
  "/oauth/v2/keys": { methods: ["GET"], answer: () => json(200, { keys: [signingKey().jwk] }) },
  "/oauth/v2/authorize": { methods: ["GET", "POST"], answer: authorizeApp },
  "/oauth/v2/device_authorization": { methods: ["POST"], answer: authorizeDevice },
  "/device": { methods: ["GET", "POST"], answer: approveDevice },
  "/oauth/v2/token": { methods: ["POST"], answer: giveTokens },
  "/oauth/v2/revoke": { methods: ["POST"], answer: revoke },
  "/oidc/v1/userinfo": { methods: ["GET", "POST"], answer: userinfo },
};

const longestForm = 1 << 16;

/** Finds the OpenID endpoint of a path; undefined if it is none. */
export function findEndpoint(instance: Instance, exchange: Exchange, path: string): (() => Promise<void>) | undefined {
  const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
  // As other paths: who comes under a foreign name gets nothing.
  if (endpoint === undefined || !isHostAllowed(instance, exchange.host)) return undefined;
  return async () => exchange.send(withCors(await answer(endpoint), exchange));

  async function answer({ methods, answer }: (typeof endpoints)[string]): Promise<Answer> {
    if (exchange.method === "OPTIONS") return { status: 204, headers: {}, body: new Uint8Array() };
    if (!methods.includes(exchange.method)) return textAnswer(405, "405 Method Not Allowed\n");
    const [, query = ""] = exchange.target.split("?");
    const body = exchange.method === "POST" ? await exchange.read(() => longestForm) : undefined;
    return answer(instance, exchange, new URLSearchParams(body ? Buffer.from(body).toString() : query));
  }
}

function discovery(_: Instance, exchange: Exchange): Answer {
  const issuer = originOf(exchange);
  return json(200, {
    issuer,
    authorization_endpoint: `${issuer}/oauth/v2/authorize`,
    token_endpoint: `${issuer}/oauth/v2/token`,
    userinfo_endpoint: `${issuer}/oidc/v1/userinfo`,
    revocation_endpoint: `${issuer}/oauth/v2/revoke`,
    device_authorization_endpoint: `${issuer}/oauth/v2/device_authorization`,
    jwks_uri: `${issuer}/oauth/v2/keys`,
    scopes_supported: ["openid", "profile", "email", "phone", "address", "offline_access"],
    response_types_supported: ["code"],
    grant_types_supported: ["authorization_code", "refresh_token", deviceGrant],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
  });
}

/** The page of the code flow: GET shows it, POST is its button. */
function authorizeApp(instance: Instance, exchange: Exchange, form: URLSearchParams): Answer {
  const { approvesAtOnce, apps, signIns } = instance;
  const redirectUri = form.get("redirect_uri") ?? "";
  // Codes go nowhere but to this machine: whoever knows the client id could ask for one.
  if (!URL.canParse(redirectUri) || !isHostAllowed(instance, new URL(redirectUri).host)) {
    return messagePage(400, "redirect_uri must be a URL of this machine, or of a name in `hosts`.");
  }
  const back = new URL(redirectUri);
  back.searchParams.set("state", form.get("state") ?? "");
  const clientId = form.get("client_id") ?? "";
  const codeChallenge = form.get("code_challenge");
  const refuse = (error: string): Answer => {
    back.searchParams.set("error", error);
    return redirect(back.href);
  };
  if (!apps.some((app) => app.clientId === clientId)) return messagePage(400, "Errors.App.NotFound");
  if (form.get("response_type") !== "code") return refuse("unsupported_response_type");
  if (!codeChallenge || form.get("code_challenge_method") !== "S256") return refuse("invalid_request");
  if (exchange.method === "GET" && !approvesAtOnce) {
    // Nobody is signed in to this server's pages.
    return form.get("prompt") === "none" ? refuse("login_required") : approvalPage(instance, form);
  }
  if (isForeign(exchange)) return messagePage(403, "This page's own button approves.");
  if (form.has("deny")) return refuse("access_denied");
  const nonce = form.get("nonce") ?? undefined;
  const { code, request } = signIns.request({ clientId, scopes: scopesOf(form), nonce, codeChallenge, redirectUri });
  approve(instance, exchange, form, request);
  back.searchParams.set("code", code);
  return redirect(back.href);
}

function authorizeDevice(instance: Instance, exchange: Exchange, form: URLSearchParams): Answer {
  const clientId = form.get("client_id") ?? "";
  if (!instance.apps.some((app) => app.clientId === clientId)) return oauthError("invalid_client", "no active client");
  const { code, request } = instance.signIns.request({ clientId, scopes: scopesOf(form) });
  if (instance.approvesAtOnce) approve(instance, exchange, form, request);
  const uri = `${originOf(exchange)}/device`;
  return json(200, {
    device_code: code,
    user_code: request.userCode,
    verification_uri: uri,
    verification_uri_complete: `${uri}?user_code=${request.userCode}`,
    expires_in: Math.round((request.expiresAt - instance.signIns.now().getTime()) / 1000),
    // ZITADEL's is 5: this one has nobody to protect.
    interval: 1,
  });
}

/** The page of the device flow: GET shows it, POST is its button. */
function approveDevice(instance: Instance, exchange: Exchange, form: URLSearchParams): Answer {
  if (exchange.method === "GET") return approvalPage(instance, form);
  if (isForeign(exchange)) return messagePage(403, "This page's own button approves.");
  const request = instance.signIns.findByUserCode(form.get("user_code") ?? "");
  if (request === undefined) return messagePage(400, "There is no such code, or it has been used.");
  if (form.has("deny")) request.decision = "denied";
  else approve(instance, exchange, form, request);
  return messagePage(200, form.has("deny") ? "Refused." : "Approved. You can go back to the device.");
}

function approve(instance: Instance, exchange: Exchange, form: URLSearchParams, request: SignInRequest): void {
  const account = instance.accounts.find(({ user }) => user.id === form.get("user")) ?? instance.accounts[0];
  if (account) instance.signIns.approve(request, account, exchange.header("user-agent") ?? "");
}

function giveTokens(instance: Instance, exchange: Exchange, form: URLSearchParams): Answer {
  const { apps, signIns } = instance;
  const grant = form.get("grant_type") ?? "";
  const clientId = form.get("client_id");
  const app = apps.find((app) => app.clientId === clientId);
  if (app === undefined) return oauthError("invalid_client", "no active client");
  if (!app.grants.includes(grant)) return oauthError("unauthorized_client", `grant_type "${grant}" not allowed`);
  if (grant === "refresh_token") {
    const signIn = signIns.byRefreshToken(form.get("refresh_token") ?? "");
    return signIn && signIn.clientId === clientId
      ? tokens(instance, exchange, signIn)
      : oauthError("invalid_request", "Errors.OIDCSession.RefreshTokenInvalid");
  }
  const code = form.get(grant === deviceGrant ? "device_code" : "code") ?? "";
  const request = signIns.find(code);
  if (!request || request.clientId !== clientId) return oauthError("invalid_grant", "invalid code");
  if (request.expiresAt <= signIns.now().getTime()) return oauthError("expired_token", "the code has expired");
  if (request.decision === undefined) return oauthError("authorization_pending", "the user has not decided yet");
  signIns.forget(code);
  if (request.decision === "denied") return oauthError("access_denied", "the user refused");
  const proof = createHash("sha256").update(form.get("code_verifier") ?? "");
  const isProven = proof.digest("base64url") === request.codeChallenge;
  if (grant !== deviceGrant && !(isProven && form.get("redirect_uri") === request.redirectUri)) {
    return oauthError("invalid_grant", "invalid code_verifier or redirect_uri");
  }
  return tokens(instance, exchange, request.decision);
}

function tokens({ signIns }: Instance, exchange: Exchange, signIn: SignIn): Answer {
  const accessToken = signIns.issue(signIn);
  const { account, clientId, scopes, nonce, sessionId, authTime, refreshToken } = signIn;
  const iat = Math.floor(signIns.now().getTime() / 1000);
  const expiresIn = accessTokenLifeMs / 1000;
  const claims = { iss: originOf(exchange), sub: account.user.id, aud: [clientId], azp: clientId, client_id: clientId };
  const times = { iat, exp: iat + expiresIn, auth_time: Math.floor(authTime.getTime() / 1000) };
  return json(200, {
    access_token: accessToken,
    token_type: "Bearer",
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    expires_in: expiresIn,
    ...(scopes.includes("openid") && { id_token: signJwt({ ...claims, ...times, nonce, sid: sessionId }) }),
    scope: scopes.join(" "),
  });
}

/** Ends the access token with the refresh token. As RFC 7009 has it, a token that is none is no error. */
function revoke({ signIns }: Instance, _: Exchange, form: URLSearchParams): Answer {
  const token = form.get("token") ?? "";
  const signIn = signIns.byRefreshToken(token) ?? signIns.byAccessToken(token);
  if (signIn && signIn.clientId === form.get("client_id")) signIns.revoke(signIn);
  return { status: 200, headers: { "Content-Length": "0" }, body: new Uint8Array() };
}

function userinfo({ signIns }: Instance, exchange: Exchange): Answer {
  const [, token = ""] = exchange.header("authorization")?.split("Bearer ") ?? [];
  const signIn = signIns.byAccessToken(token);
  if (signIn === undefined || signIns.issued(token)?.kind === "expired") {
    return json(401, { error: "invalid_token" });
  }
  const { id, displayName, loginName } = signIn.account.user;
  const profile = { name: displayName, preferred_username: loginName };
  return json(200, { sub: id, ...(signIn.scopes.includes("profile") && profile) });
}

function scopesOf(form: URLSearchParams): string[] {
  return (form.get("scope") ?? "openid").split(" ").filter(Boolean);
}

function originOf(exchange: Exchange): string {
  return `${exchange.isTls ? "https" : "http"}://${exchange.host}`;
}

/** Whether a page of another origin sent a form here. */
function isForeign(exchange: Exchange): boolean {
  const origin = exchange.header("origin");
  return exchange.method === "POST" && origin !== undefined && origin !== originOf(exchange);
}

function oauthError(error: string, description: string): Answer {
  return json(400, { error, error_description: description });
}

function json(status: number, value: object): Answer {
  const body = Buffer.from(JSON.stringify(value));
  const headers = { "Content-Type": "application/json", "Content-Length": String(body.length) };
  return { status, headers: { ...headers, "Cache-Control": "no-store" }, body };
}

function redirect(location: string): Answer {
  return { status: 302, headers: { Location: location, "Content-Length": "0" }, body: new Uint8Array() };
}

/** Any page may ask, as at ZITADEL. */
function withCors(answer: Answer, exchange: Exchange): Answer {
  const cors = {
    "Access-Control-Allow-Origin": exchange.header("origin") ?? "*",
    "Access-Control-Allow-Headers": exchange.header("access-control-request-headers") ?? "authorization",
    "Access-Control-Allow-Methods": "GET, POST",
    Vary: "Origin",
  };
  return { ...answer, headers: { ...cors, ...answer.headers } };
}

let key: { readonly privateKey: KeyObject; readonly jwk: object } | undefined;

/** Made when first asked for: it takes a while. */
function signingKey() {
  if (key === undefined) {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    key = { privateKey, jwk: { ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" } };
  }
  return key;
}

function signJwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", kid: "1", typ: "JWT" })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), signingKey().privateKey).toString("base64url")}`;
}
