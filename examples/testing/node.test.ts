// A test of your own under node:test, with a local ZITADEL: no mock, no network, no container.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type AuthClient, Code, createAuthClient } from "zitadel-refresh-tokens";
import { type LocalZitadel, startLocalZitadel } from "zitadel-refresh-tokens/testing";
import { signOutElsewhere } from "./sign-out-elsewhere.js";

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
  assert.equal(revoked.length, 2);
  assert.deepEqual(
    zitadel.users[0].refreshTokens.map((token) => token.clientId),
    ["mine"],
  );
});

test("tells which sign-in it could not end", async () => {
  zitadel.fail({ kind: "status", code: Code.Internal, method: "RevokeMyRefreshToken" });
  const { revoked, failed } = await signOutElsewhere(auth, "mine");
  assert.equal(revoked.length, 1);
  assert.equal(failed[0]?.error.code, Code.Internal);
});
