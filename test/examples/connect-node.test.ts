import { describe, expect, test } from "@jest/globals";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import { Code } from "../../src/node.js";
import { type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { loginOf, startExample } from "./run-example.js";

const routes: LocalZitadelOptions["routes"] = (router) =>
  router.service(UserService, { listUsers: () => ({ result: [{ userId: "1" }] }) });

describe("examples/connect-node.ts", () => {
  test("calls two services on one connection, repeats what was unavailable, and ends by itself", async () => {
    await using zitadel = await startLocalZitadel({ routes, faults: [{ kind: "status", code: Code.Unavailable }] });
    const outcome = await startExample("connect-node", loginOf(zitadel)).ends();
    expect(outcome).toEqual({ status: 0, output: "6 refresh tokens\n1 users\n" });
    expect(zitadel.requests.map((request) => request.path)).toEqual([
      "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
      "/zitadel.user.v2.UserService/ListUsers",
    ]);
    expect(new Set(zitadel.requests.map(({ connection }) => connection)).size).toBe(1);
    // The stock transport's own, and not this package's.
    expect(zitadel.requests[0]?.headers["user-agent"]).toMatch(/^connect-es\//);
  });

  test("tells ZITADEL's id of an error", async () => {
    await using zitadel = await startLocalZitadel({ routes });
    const variables = { ...loginOf(zitadel), ZITADEL_TOKEN: zitadel.users[0].tokens.mfaRequired };
    const { status, output } = await startExample("connect-node", variables).ends();
    expect(status).toBe(1);
    expect(output).toContain("[permission_denied] mfa required (AUTHZ-Kl3p0)");
    expect(output).toContain("id: 'AUTHZ-Kl3p0'");
  });
});
