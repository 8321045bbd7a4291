import { describe, expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { loginOf, startExample } from "./run-example.js";

describe("examples/connect-node.ts", () => {
  test("calls two services on one connection, repeats what was unavailable, and ends by itself", async () => {
    await using zitadel = await startLocalZitadel({ faults: [{ kind: "status", code: Code.Unavailable }] });
    const outcome = await startExample("connect-node", loginOf(zitadel)).ends();
    expect(outcome).toEqual({ status: 0, output: "6 refresh tokens\n5 sessions\n" });
    expect(zitadel.requests.map((request) => request.path)).toEqual([
      "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      "/zitadel.auth.v1.AuthService/GetMyUser",
      "/zitadel.session.v2.SessionService/ListSessions",
    ]);
    expect(new Set(zitadel.requests.map(({ connection }) => connection)).size).toBe(1);
    // The stock transport's own, and not this package's.
    expect(zitadel.requests[0]?.headers["user-agent"]).toMatch(/^connect-es\//);
  });

  test("tells ZITADEL's id of an error", async () => {
    await using zitadel = await startLocalZitadel();
    const variables = { ...loginOf(zitadel), ZITADEL_TOKEN: zitadel.users[0].tokens.mfaRequired };
    const { status, output } = await startExample("connect-node", variables).ends();
    expect(status).toBe(1);
    expect(output).toContain("[permission_denied] mfa required (AUTHZ-Kl3p0)");
    expect(output).toContain("id: 'AUTHZ-Kl3p0'");
  });
});
