import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { type LocalUser, type LocalZitadel, startLocalZitadel } from "../../src/testing.js";
import { type Running, startExample } from "./run-example.js";

let zitadel: LocalZitadel;
let backend: Running;
let url: string;

beforeAll(async () => {
  zitadel = await startLocalZitadel({ users: [{}, { refreshTokens: [{ clientId: "theirs" }] }, {}] });
  backend = startExample("express", { ZITADEL_URL: zitadel.url, PORT: "0" });
  url = `http://127.0.0.1:${await backend.prints(/port: (\d+)/)}`;
});
afterAll(async () => {
  await backend.end();
  await zitadel.close();
});

const call = (token: string | undefined, path = "/sign-ins", init: RequestInit = {}) =>
  fetch(url + path, { ...init, ...(token && { headers: { authorization: `Bearer ${token}` } }) });

describe("examples/express.ts", () => {
  test("gives everybody their own list, on one connection", async () => {
    const counts = [];
    for (const { token } of zitadel.users.slice(0, 2)) {
      const response = await call(token);
      counts.push([response.status, ((await response.json()) as { total: number }).total]);
    }
    expect(counts).toEqual([
      [200, 6],
      [200, 1],
    ]);
    expect(new Set(zitadel.requests.map((request) => request.connection)).size).toBe(1);
  });

  test("revokes", async () => {
    const user = zitadel.users[2] as LocalUser;
    const [{ id } = { id: "" }] = user.refreshTokens;
    expect((await call(user.token, `/sign-ins/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(user.refreshTokens.map((token) => token.id)).not.toContain(id);
    const again = await call(user.token, `/sign-ins/${id}`, { method: "DELETE" });
    expect([again.status, await again.json()]).toEqual([404, { code: "NotFound", id: "COMMAND-BHt2w" }]);
  });

  for (const [name, status, code, id] of [
    ["expired", 401, "Unauthenticated", "AUTH-7fs1e"],
    ["wrongAudience", 401, "Unauthenticated", "AUTH-7fs1e"],
    ["mfaRequired", 403, "PermissionDenied", "AUTHZ-Kl3p0"],
  ] as const) {
    test(`answers ${status} to a token that is ${name}`, async () => {
      const response = await call(zitadel.users[0].tokens[name]);
      expect([response.status, await response.json()]).toEqual([status, { code, id }]);
    });
  }

  for (const token of [undefined, "two words", 'quoted"']) {
    test(`answers 401 to ${token ?? "no token"}, and sends nothing`, async () => {
      const before = zitadel.requests.length;
      const response = await call(token);
      expect([response.status, await response.json()]).toEqual([401, { code: "Unauthenticated" }]);
      expect(zitadel.requests).toHaveLength(before);
    });
  }

  for (const [code, status] of [
    [Code.InvalidArgument, 400],
    [Code.ResourceExhausted, 429],
    [Code.Internal, 502],
    [Code.DeadlineExceeded, 504],
  ] as const) {
    test(`answers ${status} to ${Code[code]}`, async () => {
      zitadel.fail({ kind: "status", code });
      const response = await call(zitadel.users[0].token);
      expect([response.status, await response.json()]).toEqual([status, { code: Code[code] }]);
    });
  }

  test("answers 503 if ZITADEL stays unavailable", async () => {
    zitadel.fail({ kind: "status", code: Code.Unavailable, times: 4 });
    expect((await call(zitadel.users[0].token)).status).toBe(503);
  });

  test("ends the call to ZITADEL when its caller leaves", async () => {
    const [user] = zitadel.users;
    const [{ id } = { id: "" }] = user.refreshTokens;
    zitadel.fail({ kind: "delay", ms: 2_000 });
    const before = zitadel.requests.length;
    const leaving = new AbortController();
    const left = call(user.token, `/sign-ins/${id}`, { method: "DELETE", signal: leaving.signal });
    while (zitadel.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort();
    await expect(left).rejects.toThrow("abort");
    await new Promise((resolve) => setTimeout(resolve, 2_600));
    expect(user.refreshTokens.map((token) => token.id)).toContain(id);
  });
});
