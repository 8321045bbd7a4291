import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalZitadel } from "../../src/testing.js";
import { forwardTo } from "../helpers/chromium.js";

export interface Served {
  readonly url: string;
  close(): void;
}

export async function listen(handle: RequestListener): Promise<Served> {
  const server = createServer(handle);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return new URLSearchParams(text);
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json", "access-control-allow-origin": "*" });
  response.end(JSON.stringify(value));
}

/** What the token endpoint has to do with. */
export interface SignIn extends Served {
  /** What it has served; `invalid_grant` for what it refused. */
  readonly grants: string[];
  /** A refresh token that works once. */
  readonly refreshToken: string;
}

/**
 * A local ZITADEL with as much of a sign-in as an OIDC client needs: whoever asks is signed in at once as the first
 * user. The code flow with PKCE, and refreshing, by a refresh token that is replaced each time: who uses one twice ends
 * the session, as OAuth 2.0 Security Best Current Practice (RFC 9700 §4.14.2) has it. `beforeAnswer` is awaited by the
 * token endpoint once it has seen what it was sent.
 */
export async function startSignIn(zitadel: LocalZitadel, beforeAnswer = async () => {}): Promise<SignIn> {
  const [user] = zitadel.users;
  const grants: string[] = [];
  const session = { generation: 1, isOver: false };
  const refreshToken = () => `refresh-${session.generation}`;
  const challenges = new Map<string, string>();
  const forward = forwardTo(zitadel.url);

  const authorize = ({ searchParams }: URL, response: ServerResponse) => {
    const code = randomUUID();
    challenges.set(code, searchParams.get("code_challenge") ?? "");
    const back = new URL(searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", searchParams.get("state") ?? "");
    response.writeHead(302, { location: back.href }).end();
  };

  const giveToken = async (request: IncomingMessage, response: ServerResponse) => {
    const form = await readForm(request);
    const grant = form.get("grant_type") ?? "";
    const verifier = createHash("sha256").update(form.get("code_verifier") ?? "");
    const proved = challenges.get(form.get("code") ?? "") === verifier.digest("base64url");
    if (grant === "refresh_token") {
      session.isOver ||= form.get("refresh_token") !== refreshToken();
      session.generation += 1;
    }
    const isRefused = grant === "authorization_code" ? !proved : session.isOver;
    grants.push(isRefused ? "invalid_grant" : grant);
    const nextRefreshToken = refreshToken();
    await beforeAnswer();
    if (isRefused) return sendJson(response, 400, { error: "invalid_grant" });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: served.url, sub: user.id, aud: form.get("client_id"), iat: now, exp: now + 3600 };
    sendJson(response, 200, {
      access_token: grant === "authorization_code" ? user.tokens.valid : user.tokens.refreshed,
      refresh_token: nextRefreshToken,
      id_token: `${part({ alg: "none" })}.${part(claims)}.`,
      token_type: "Bearer",
      expires_in: 3600,
    });
  };

  const served = await listen((request, response) => {
    const url = new URL(request.url ?? "/", served.url);
    if (url.pathname === "/.well-known/openid-configuration") {
      sendJson(response, 200, {
        issuer: served.url,
        authorization_endpoint: `${served.url}/oauth/v2/authorize`,
        token_endpoint: `${served.url}/oauth/v2/token`,
      });
    } else if (url.pathname === "/oauth/v2/authorize") authorize(url, response);
    else if (url.pathname === "/oauth/v2/token") giveToken(request, response);
    else forward(request, response);
  });
  return { ...served, grants, refreshToken: refreshToken() };
}
