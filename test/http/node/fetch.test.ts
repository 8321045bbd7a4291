import { getDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, getErrorInfo, rest } from "../../../src/node.js";

describe("what fetch says of the network, in words or in codes", () => {
  const failing = (thrown: unknown) =>
    createAuthClient({
      baseUrl: "https://zitadel.example",
      protocol: rest,
      retry: { initialBackoffMs: 1 },
      fetch: () => Promise.reject(thrown),
    });
  const coded = (code: string, error = new TypeError("no")) => Object.assign(error, { code });
  const deno = (text: string) => new TypeError("fetch failed", { cause: new Error(`client error (Connect): ${text}`) });
  const named = (name: string) => Object.assign(new Error("Requires net access"), { name });

  for (const [runtime, thrown, reason, attempts, message] of [
    ["Node", new TypeError("fetch failed", { cause: coded("ECONNREFUSED") }), "connect-refused", 4, /nothing listens/],
    ["Bun", coded("ECONNREFUSED"), "connect-refused", 4, /nothing listens/],
    ["Bun", coded("ENOTFOUND"), "dns", 2, /cannot be found/],
    ["Bun", coded("DEPTH_ZERO_SELF_SIGNED_CERT"), "tls-untrusted", 1, /not trusted/],
    ["Deno", deno("tcp connect error: Connection refused (os error 111)"), "connect-refused", 4, /nothing listens/],
    ["Deno", deno("dns error: failed to lookup address information"), "dns", 2, /cannot be found/],
    ["Deno", deno("invalid peer certificate: UnknownIssuer"), "tls-untrusted", 1, /not trusted/],
    ["Deno", deno("invalid peer certificate: Expired"), "tls-expired", 1, /not valid now/],
    ["Deno 2", named("NotCapable"), "connect-refused", 1, /Deno does not let .*--allow-net$/],
    ["Deno 1", named("PermissionDenied"), "connect-refused", 1, /Deno does not let .*--allow-net$/],
    ["Node 26", coded("ERR_ACCESS_DENIED"), "connect-refused", 1, /Node's --permission does not let .*--allow-net$/],
    ["a firewall", { code: "EPERM", syscall: "connect" }, "connect-refused", 1, /the system does not let .*firewall/],
  ] as const) {
    test(`${runtime}: ${thrown.message} ${thrown.cause ?? thrown.name} is ${reason}`, async () => {
      const error = await failing(thrown)
        .listMyRefreshTokens({})
        .catch((caught: unknown) => caught);
      expect(getErrorInfo(error)).toMatchObject({ reason, attempts });
      expect((error as Error).message).toMatch(message);
    });
  }

  test("several addresses that were given little time each are told so, with the remedy", async () => {
    const timeouts = [coded("ETIMEDOUT", new TypeError("a")), coded("ETIMEDOUT", new TypeError("b"))];
    const cause = Object.assign(new AggregateError(timeouts), { code: "ETIMEDOUT" });
    const error = await failing(new TypeError("fetch failed", { cause }))
      .listMyRefreshTokens({})
      .catch((caught: unknown) => caught);
    expect(getErrorInfo(error).reason).toBe("connect-timeout");
    const ms = getDefaultAutoSelectFamilyAttemptTimeout();
    expect((error as Error).message).toMatch(
      new RegExp(
        `reached: Node's fetch gives each of its addresses ${ms} ms; call net.setDefaultAutoSelectFamilyAttemptTimeout.*or omit fetch$`,
      ),
    );
  });
});
