import type { IncomingMessage, ServerResponse } from "node:http";
import type { LocalZitadel } from "../../src/testing.js";
import { forwardTo } from "../helpers/chromium.js";
import { listen, type Served } from "../helpers/listen.js";

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
 * A local ZITADEL with a token endpoint that refreshes for the first user. It replaces the refresh token each time: who
 * uses one twice ends the session, as OAuth 2.0 Security Best Current Practice (RFC 9700 §4.14.2) has it. It awaits
 * `beforeAnswer` once it has seen what it was sent.
 */
export async function startSignIn(zitadel: LocalZitadel, beforeAnswer: () => Promise<void>): Promise<SignIn> {
  const [user] = zitadel.users;
  const grants: string[] = [];
  const session = { generation: 1, isOver: false };
  const refreshToken = () => `refresh-${session.generation}`;
  const forward = forwardTo(zitadel.url);

  const giveToken = async (request: IncomingMessage, response: ServerResponse) => {
    const form = await readForm(request);
    session.isOver ||= form.get("refresh_token") !== refreshToken();
    session.generation += 1;
    grants.push(session.isOver ? "invalid_grant" : (form.get("grant_type") ?? ""));
    const next = { isOver: session.isOver, refresh_token: refreshToken() };
    await beforeAnswer();
    if (next.isOver) return sendJson(response, 400, { error: "invalid_grant" });
    const { refresh_token } = next;
    sendJson(response, 200, {
      access_token: user.tokens.refreshed,
      refresh_token,
      token_type: "Bearer",
      expires_in: 3600,
    });
  };

  const served = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? "/", served.url);
    if (pathname === "/.well-known/openid-configuration") {
      sendJson(response, 200, { issuer: served.url, token_endpoint: `${served.url}/oauth/v2/token` });
    } else if (pathname === "/oauth/v2/token") giveToken(request, response);
    else forward(request, response);
  });
  return { ...served, grants, refreshToken: refreshToken() };
}
