import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, grpcWeb, rest } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";

// As on React Native before 0.76, where a response has no `body`.
async function fetchWithoutStreams(...args: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...args);
  return new Proxy(response, {
    get(target, name) {
      if (name === "body") return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a fetch without streams", () => {
  for (const protocol of [grpcWeb, rest]) {
    test(`lists over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const options = { baseUrl: zitadel.url, token: user?.token, protocol, fetch: fetchWithoutStreams };
      await using auth = createAuthClient(options);
      const { result } = await auth.listMyRefreshTokens({});
      expect(result).toHaveLength(user?.refreshTokens.length ?? 0);
    });

    test(`refuses an answer above the limit over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const options = { baseUrl: zitadel.url, token: user?.token, protocol, fetch: fetchWithoutStreams };
      await using auth = createAuthClient({ ...options, maxResponseBytes: 100 });
      await expect(auth.listMyRefreshTokens({})).rejects.toMatchObject({ code: Code.ResourceExhausted });
    });
  }
});
