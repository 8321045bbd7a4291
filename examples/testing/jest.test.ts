// A test of your own under Jest, with a local ZITADEL: no mock, no network, no container. It runs under ts-jest,
// babel-jest, and Jest's own ES modules.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type AuthClient, Code, createAuthClient } from "zitadel-refresh-tokens";
import { type LocalZitadel, startLocalZitadel } from "zitadel-refresh-tokens/testing";
import { signOutElsewhere } from "./sign-out-elsewhere";

let zitadel: LocalZitadel;
let auth: AuthClient;

beforeEach(async () => {
  const refreshTokens = [{ clientId: "mine" }, { clientId: "phone" }, { clientId: "tv" }];
  zitadel = await startLocalZitadel({ users: [{ refreshTokens }] });
  auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
});

afterEach(async () => {
  await auth.close();
  await zitadel.close();
});

test("signs out everywhere else", async () => {
  const { revoked } = await signOutElsewhere(auth, "mine");
  expect(revoked).toHaveLength(2);
  expect(zitadel.users[0].refreshTokens.map((token) => token.clientId)).toEqual(["mine"]);
});

test("tells which sign-in it could not end", async () => {
  zitadel.fail({ kind: "status", code: Code.Internal, method: "RevokeMyRefreshToken" });
  const { revoked, failed } = await signOutElsewhere(auth, "mine");
  expect(revoked).toHaveLength(1);
  expect(failed).toMatchObject([{ error: { code: Code.Internal } }]);
});
