import { describe, expect, test } from "@jest/globals";
import * as openid from "openid-client";
import { createAuthClient } from "../../src/node.js";
import type { LocalZitadel } from "../../src/testing.js";
import { start } from "./start-local.js";

const scope = "openid profile offline_access urn:zitadel:iam:org:project:id:zitadel:aud";

async function discover(zitadel: LocalZitadel, clientId = zitadel.clientId): Promise<openid.Configuration> {
  return openid.discovery(new URL(zitadel.url), clientId, undefined, openid.None(), {
    execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
  });
}

async function signIn(config: openid.Configuration, decide?: (page: string) => Promise<void>) {
  const started = await openid.initiateDeviceAuthorization(config, { scope });
  await decide?.(started.verification_uri_complete ?? "");
  return openid.pollDeviceAuthorizationGrant(config, started);
}

/** Presses a button of the page that a device sign-in names. */
async function press(page: string, button: "approve" | "deny", origin = new URL(page).origin): Promise<number> {
  const html = await (await fetch(page)).text();
  const code = /name="user_code" required value="([A-Z-]+)"/.exec(html)?.[1] ?? "";
  const body = new URLSearchParams({ user_code: code, ...(button === "deny" && { deny: "1" }) });
  return (await fetch(page, { method: "POST", body, headers: { origin } })).status;
}

async function sessionIds(zitadel: LocalZitadel, accessToken: string): Promise<string[]> {
  const response = await fetch(`${zitadel.url}/v2/sessions/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ queries: [{ userIdQuery: { id: zitadel.users[0].id } }] }),
  });
  return ((await response.json()) as { sessions: { id: string }[] }).sessions.map(({ id }) => id);
}

async function listStatus(zitadel: LocalZitadel, accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` };
  const url = `${zitadel.url}/auth/v1/users/me/tokens/refresh/_search`;
  return (await fetch(url, { method: "POST", headers, body: "{}" })).status;
}

describe("a device sign-in by openid-client", () => {
  test("waits for the page, makes a session, and names it in the id_token", async () => {
    const zitadel = await start();
    const before = zitadel.users[0].sessions.length;
    const tokens = await signIn(await discover(zitadel), async (page) => {
      expect(zitadel.users[0].sessions).toHaveLength(before);
      expect(await press(page, "approve")).toBe(200);
    });
    const { sid, sub } = tokens.claims() as openid.IDToken;
    expect(sub).toBe(zitadel.users[0].id);
    expect(zitadel.users[0].sessions.map(({ id }) => id)).toContain(sid);
    expect(await sessionIds(zitadel, tokens.access_token)).toContain(sid);
    const profile = await openid.fetchUserInfo(await discover(zitadel), tokens.access_token, sub);
    expect(profile).toMatchObject({ name: "User 1", preferred_username: "user1@demo.localhost" });
  });

  test("on 2.44 it makes a refresh token in the list, and revoking that ends it", async () => {
    const zitadel = await start({ release: "2.44", approve: true });
    const [user] = zitadel.users;
    const before = user.refreshTokens.map(({ id }) => id);
    const config = await discover(zitadel);
    const tokens = await signIn(config);
    expect(tokens.claims()?.sid).toBeUndefined();
    const [made] = user.refreshTokens.filter(({ id }) => !before.includes(id));
    expect(made).toMatchObject({ clientId: zitadel.clientId });
    await using client = createAuthClient({ baseUrl: zitadel.url, token: tokens.access_token });
    await client.revokeMyRefreshToken({ id: made?.id ?? "" });
    expect(await listStatus(zitadel, tokens.access_token)).toBe(401);
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({ status: 400 });
  });

  test("is refused by the person", async () => {
    const zitadel = await start();
    const refused = signIn(await discover(zitadel), async (page) => {
      await press(page, "deny");
    });
    await expect(refused).rejects.toMatchObject({ error: "access_denied" });
  });

  test("is not approved by a page of another origin", async () => {
    const zitadel = await start();
    const started = await openid.initiateDeviceAuthorization(await discover(zitadel), { scope });
    expect(await press(started.verification_uri_complete ?? "", "approve", "http://evil.example")).toBe(403);
  });

  test("knows no unknown client, and an app without the grant fails at the poll", async () => {
    const zitadel = await start({ approve: true });
    await expect(signIn(await discover(zitadel, "1"))).rejects.toMatchObject({ error: "invalid_client" });
    const other = await discover(zitadel, "320010000000000011");
    await expect(signIn(other)).rejects.toMatchObject({ error: "unauthorized_client" });
  });

  test("expires with its code", async () => {
    let ahead = 0;
    const zitadel = await start({ now: () => new Date(Date.now() + ahead) });
    const config = await discover(zitadel);
    const started = await openid.initiateDeviceAuthorization(config, { scope });
    ahead = 301_000;
    await expect(openid.pollDeviceAuthorizationGrant(config, started)).rejects.toMatchObject({
      error: "expired_token",
    });
  });
});

describe("tokens", () => {
  test("a refresh rotates: the refresh token before is refused, and the session stays", async () => {
    const zitadel = await start({ approve: true });
    const config = await discover(zitadel);
    const first = await signIn(config);
    const second = await openid.refreshTokenGrant(config, first.refresh_token ?? "");
    expect(second.claims()?.sid).toBe(first.claims()?.sid);
    expect(await listStatus(zitadel, second.access_token)).toBe(200);
    await expect(openid.refreshTokenGrant(config, first.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_request",
      error_description: "Errors.OIDCSession.RefreshTokenInvalid",
    });
    expect((await openid.refreshTokenGrant(config, second.refresh_token ?? "")).access_token).toBeTruthy();
  });

  test("revocation ends the access token too", async () => {
    const zitadel = await start({ approve: true });
    const config = await discover(zitadel);
    const tokens = await signIn(config);
    expect(await listStatus(zitadel, tokens.access_token)).toBe(200);
    await openid.tokenRevocation(config, tokens.refresh_token ?? "");
    expect(await listStatus(zitadel, tokens.access_token)).toBe(401);
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? "")).rejects.toMatchObject({ status: 400 });
  });

  test("end with the session, and after twelve hours", async () => {
    let ahead = 0;
    const zitadel = await start({ approve: true, now: () => new Date(Date.now() + ahead) });
    const config = await discover(zitadel);
    const [one, two] = [await signIn(config), await signIn(config)];
    const end = await fetch(`${zitadel.url}/v2/sessions/${one.claims()?.sid}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${one.access_token}` },
    });
    expect(end.status).toBe(200);
    expect(await listStatus(zitadel, one.access_token)).toBe(401);
    expect(await listStatus(zitadel, two.access_token)).toBe(200);
    ahead = 43_201_000;
    expect(await listStatus(zitadel, two.access_token)).toBe(401);
  });

  test("without the API's audience are refused by the API", async () => {
    const zitadel = await start({ approve: true });
    const config = await discover(zitadel);
    const started = await openid.initiateDeviceAuthorization(config, { scope: "openid" });
    const tokens = await openid.pollDeviceAuthorizationGrant(config, started);
    expect(tokens.refresh_token).toBeUndefined();
    expect(await listStatus(zitadel, tokens.access_token)).toBe(401);
  });
});

describe("the code flow by openid-client", () => {
  const redirectUri = "http://127.0.0.1:9/callback";

  async function callback(zitadel: LocalZitadel, verifier: string, more = {}): Promise<[openid.Configuration, URL]> {
    const config = await discover(zitadel);
    const url = openid.buildAuthorizationUrl(config, {
      ...{ redirect_uri: redirectUri, scope, nonce: "n", state: "s", code_challenge_method: "S256" },
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      ...more,
    });
    const response = await fetch(url, { redirect: "manual" });
    return [config, new URL(response.headers.get("location") ?? "http://none/")];
  }

  test("proves who asked, once", async () => {
    const zitadel = await start({ approve: true });
    const verifier = openid.randomPKCECodeVerifier();
    const [config, url] = await callback(zitadel, verifier);
    const checks = { pkceCodeVerifier: verifier, expectedNonce: "n", expectedState: "s" };
    const tokens = await openid.authorizationCodeGrant(config, url, checks);
    expect(tokens.claims()).toMatchObject({ nonce: "n" });
    await expect(openid.authorizationCodeGrant(config, url, checks)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  test("refuses another verifier", async () => {
    const zitadel = await start({ approve: true });
    const [config, url] = await callback(zitadel, openid.randomPKCECodeVerifier());
    const pkceCodeVerifier = openid.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedNonce: "n", expectedState: "s" };
    await expect(openid.authorizationCodeGrant(config, url, checks)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  test("sends no code to another machine, and none for prompt=none", async () => {
    const zitadel = await start({ approve: true });
    const [, foreign] = await callback(zitadel, "v", { redirect_uri: "https://evil.example/" });
    expect(foreign.host).toBe("none");
    const [, silent] = await callback(await start(), "v", { prompt: "none" });
    expect(silent.searchParams.get("error")).toBe("login_required");
  });
});
