// A test of your own without any server: Connect's createRouterTransport answers in memory. It knows nothing of
// ZITADEL's habits, tokens or errors; for those see the tests with a local ZITADEL beside this one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRouterTransport } from "@connectrpc/connect";
import { AuthService, Code, ConnectError, createAuthClient } from "zitadel-refresh-tokens";
import { signOutElsewhere } from "./sign-out-elsewhere.js";

test("signs out everywhere else", async () => {
  const revoked: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(AuthService, {
      listMyRefreshTokens: () => ({
        result: [
          { id: "1", clientId: "mine" },
          { id: "2", clientId: "phone" },
          { id: "3", clientId: "tv" },
        ],
      }),
      revokeMyRefreshToken: ({ id }) => {
        if (id === "3") throw new ConnectError("no", Code.PermissionDenied);
        revoked.push(id);
        return {};
      },
    });
  });
  const result = await signOutElsewhere(createAuthClient({ transport }), "mine");
  assert.deepEqual(revoked, ["2"]);
  assert.deepEqual(result.revoked, ["2"]);
  assert.deepEqual(
    result.failed.map(({ id, error }) => [id, error.code]),
    [["3", Code.PermissionDenied]],
  );
});
