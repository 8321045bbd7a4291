import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type LocalZitadel, startLocalZitadel } from "../../src/testing.js";
import { startWithPage } from "../page/open-page.js";

let zitadel: LocalZitadel;
beforeAll(async () => {
  zitadel = await startWithPage();
});
afterAll(() => zitadel.close());

/** fetch does not let these headers be set. */
function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request(new URL(path, zitadel.url), { headers, method, agent: false }, async (answer) => {
      let body = "";
      for await (const chunk of answer) body += chunk;
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
    sent.on("error", reject).end();
  });
}

test("the page is served under a strict policy, which leaves everything else to ZITADEL", async () => {
  for (const [path, type] of [
    ["/", "text/html; charset=utf-8"],
    ["/page.js", "text/javascript; charset=utf-8"],
    ["/demo.json", "application/json"],
  ] as const) {
    const { status, headers } = await get(path);
    expect({ status, type: headers["content-type"] }).toEqual({ status: 200, type });
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers).toMatchObject({ "referrer-policy": "no-referrer", "cache-control": "no-store" });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  }
  expect(await get("/", {}, "POST")).toMatchObject({ status: 302 });
  expect(await get("/debug/healthz")).toMatchObject({ status: 200, body: "ok" });
  await using plain = await startLocalZitadel();
  expect((await fetch(`${plain.url}/demo.json`)).status).toBe(404);
});

describe("the demo user's token", () => {
  for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { host: "localhost:1234" }] as const) {
    test(`goes to the page itself (${JSON.stringify(headers)})`, async () => {
      const { status, body } = await get("/demo.json", headers);
      const { valid, refreshed } = zitadel.users[0].tokens;
      expect({ status, ...JSON.parse(body) }).toEqual({ status: 200, token: valid, refreshedToken: refreshed });
    });
  }

  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
    { origin: "https://evil.example" },
    { origin: "null" },
    // A name of somebody else's that leads to this machine: DNS rebinding.
    { host: "evil.example", "sec-fetch-site": "same-origin" },
    { host: "127.0.0.1.evil.example" },
  ]) {
    test(`goes to nobody else (${JSON.stringify(headers)})`, async () => {
      const { status, body } = await get("/demo.json", headers);
      expect([403, 404]).toContain(status);
      const { valid, refreshed } = zitadel.users[0].tokens;
      for (const token of [valid, refreshed]) expect(body).not.toContain(token);
    });
  }
});
