import { expect, test } from "@jest/globals";
import { startLocalZitadel } from "../../src/testing.js";
import { bundlePage, forwardTo, runInChromium, testInChromium } from "../helpers/chromium.js";

const entry = "test/browser/list-and-revoke.js";

interface Report {
  contentType: string;
  before: { total: number; tokens: { id: string; state: string; usableUntil: string }[] };
  revoked: string;
  owner: string;
  after: Report["before"];
  again: Failed;
  failed?: Failed;
}
interface Failed {
  code: string;
  message: string;
  id?: string;
  reason?: string;
  attempts: number;
  httpStatus?: number;
  fromServer: boolean;
}

const protocols = {
  grpcWeb: { contentType: "application/grpc-web+proto", served: "grpc-web", httpStatus: 200 },
  rest: { contentType: "application/json", served: "rest", httpStatus: 404 },
} as const;

for (const [protocol, { contentType, served, httpStatus }] of Object.entries(protocols)) {
  for (const where of ["its own origin", "another origin"]) {
    testInChromium(`a page lists and revokes over ${protocol} on ${where}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const ids = user.refreshTokens.map((token) => token.id);
      const own = where === "its own origin";
      const report = await runInChromium<Report>({
        entry,
        // Over REST ZITADEL lets an app's token be used only on the app's own origins; a personal token everywhere.
        input: { baseUrl: own ? "/" : zitadel.url, token: own ? user.token : user.tokens.personal, protocol },
        handle: forwardTo(zitadel.url),
      });
      expect(report).toEqual({
        contentType,
        before: expect.objectContaining({ total: ids.length, truncated: false }),
        revoked: report.before.tokens[0]?.id,
        owner: user.resourceOwner,
        after: expect.objectContaining({ total: ids.length - 1, tokens: report.before.tokens.slice(1) }),
        again: {
          code: "NotFound",
          message: "[not_found] Refresh Token not found (COMMAND-BHt2w)",
          id: "COMMAND-BHt2w",
          attempts: 1,
          httpStatus,
          fromServer: true,
        },
      });
      expect(report.before.tokens.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(user.refreshTokens.map((token) => token.id)).not.toContain(report.revoked);

      const calls = zitadel.requests.filter((request) => request.method !== "OPTIONS");
      expect(calls.map((request) => request.protocol)).toEqual(Array(4).fill(served));
      const preflights = zitadel.requests.length - calls.length;
      expect(preflights > 0).toBe(!own);
      // Across origins ZITADEL's preflight would refuse it.
      for (const { headers } of calls) expect("grpc-timeout" in headers).toBe(own);
    });
  }
}

testInChromium("over REST an app's token is refused on an origin that is not the app's", async () => {
  await using zitadel = await startLocalZitadel();
  const input = { baseUrl: zitadel.url, token: zitadel.users[0].token, protocol: "rest" };
  const { failed } = await runInChromium<Report>({ entry, input });
  expect(failed).toMatchObject({ code: "PermissionDenied", id: "AUTH-DZG21", httpStatus: 403, fromServer: true });
});

testInChromium("a page repeats what failed for a moment", async () => {
  await using zitadel = await startLocalZitadel({ faults: [{ kind: "html", status: 503, times: 2 }] });
  const input = { baseUrl: "/", token: zitadel.users[0].token, protocol: "grpcWeb" };
  const report = await runInChromium<Report>({ entry, input, handle: forwardTo(zitadel.url) });
  expect(report.failed).toBeUndefined();
  expect(zitadel.requests).toHaveLength(6);
});

testInChromium("a header that the preflight refuses is told as a matter of CORS", async () => {
  await using zitadel = await startLocalZitadel();
  const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  const input = { baseUrl: zitadel.url, token: zitadel.users[0].token, protocol: "grpcWeb", headers };
  const { failed } = await runInChromium<Report>({ entry, input });
  expect(failed).toMatchObject({ code: "Unavailable", reason: "network-or-cors", fromServer: false });
  expect(zitadel.requests.map((request) => request.method)).toEqual(Array(failed?.attempts).fill("OPTIONS"));
});

test("the page's bundle holds nothing of Node", async () => {
  const script = await bundlePage({ entry });
  expect(script).toContain("listMyRefreshTokens");
  expect(script).not.toMatch(/["'`]node:/);
});
