import { describe, expect, test } from "@jest/globals";
import { ConnectError, createAuthClient, grpc, grpcWeb, rest } from "../src/node.js";
import { startLocalZitadel } from "../src/testing.js";

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConnectError) return error;
  throw new Error("the call did not fail with a ConnectError");
}

describe("an error says what to do where ZITADEL's own words do not", () => {
  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`a token that ZITADEL does not take, ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: "unknown", protocol });
      const error = await errorOf(auth.listMyRefreshTokens({}));
      expect(error.message).toBe(
        "[unauthenticated] Errors.Token.Invalid (AUTH-7fs1e); the token is expired, revoked, " +
          'or was made without the scope "urn:zitadel:iam:org:project:id:zitadel:aud"',
      );
      expect(error.rawMessage).toBe("Errors.Token.Invalid (AUTH-7fs1e)");
    });

    test(`no token, ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      await using auth = createAuthClient({ baseUrl: zitadel.url, protocol });
      const error = await errorOf(auth.listMyRefreshTokens({}));
      expect(error.message).toBe("[unauthenticated] auth header missing; pass `token`");
    });
  }

  test("a base URL that holds the path of the API", async () => {
    await using zitadel = await startLocalZitadel();
    const baseUrl = `${zitadel.url}/auth/v1`;
    await using auth = createAuthClient({ baseUrl, token: "unknown", protocol: rest });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    expect(error.message).toBe(
      "[not_found] Not Found; no such path: baseUrl must be the root of the instance, without /auth/v1",
    );
  });
});
