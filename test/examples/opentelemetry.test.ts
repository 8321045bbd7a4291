import { expect, test } from "@jest/globals";
import { Code } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { loginOf, startExample } from "./run-example.js";

test("examples/opentelemetry.ts makes a span of each call and an event of each request", async () => {
  await using zitadel = await startLocalZitadel({ faults: [{ kind: "status", code: Code.Unavailable }] });
  const { status, output } = await startExample("opentelemetry", loginOf(zitadel), "1").ends();
  expect(status).toBe(0);

  // Two spans, as Node prints objects.
  const [, listed = "", revoked = "", ...others] = output.split(/^\{\n {2}resource/m);
  expect(others).toEqual([]);
  expect(listed).toContain("name: 'zitadel.auth.v1.AuthService/ListMyRefreshTokens'");
  expect(listed).toContain("'rpc.response.status_code': 'OK'");
  const attempts = (span: string) => [...span.matchAll(/attempt: (\d)[^}]*status: '(\w+)'/g)].map(([, ...two]) => two);
  expect(attempts(listed)).toEqual([
    ["1", "UNAVAILABLE"],
    ["2", "OK"],
  ]);

  expect(revoked).toContain("name: 'zitadel.auth.v1.AuthService/RevokeMyRefreshToken'");
  expect(revoked).toContain("'rpc.response.status_code': 'NOT_FOUND'");
  expect(revoked).toContain("'error.type': 'COMMAND-BHt2w'");
  expect(revoked).toContain("status: { code: 2, message: 'Refresh Token not found (COMMAND-BHt2w)' }");
  expect(attempts(revoked)).toEqual([["1", "NOT_FOUND"]]);
  expect(output).not.toContain(zitadel.users[0].token);
});
