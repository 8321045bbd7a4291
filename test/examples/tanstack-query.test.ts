import { expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { loginOf, startExample } from "./run-example.js";

test("examples/tanstack-query.ts lists once, and again after the revoke that it is told to make", async () => {
  await using zitadel = await startLocalZitadel();
  const id = zitadel.users[0].refreshTokens[1]?.id ?? "";
  const outcome = await startExample("tanstack-query", loginOf(zitadel), id).ends();
  expect(zitadel.users[0].refreshTokens.map((token) => token.id)).not.toContain(id);
  expect(outcome).toEqual({ status: 0, output: "6 refresh tokens\n5 refresh tokens\n" });
  expect(zitadel.requests.map(({ path }) => path.slice(path.lastIndexOf("/") + 1))).toEqual([
    "ListMyRefreshTokens",
    "RevokeMyRefreshToken",
    "ListMyRefreshTokens",
  ]);
});

test("examples/tanstack-query.ts leaves repeating to the transport", async () => {
  await using zitadel = await startLocalZitadel({ faults: [{ kind: "status", code: Code.Unavailable, times: 2 }] });
  const { status } = await startExample("tanstack-query", loginOf(zitadel)).ends();
  expect(status).toBe(0);
  expect(zitadel.requests).toHaveLength(3);
});
