import { afterEach, describe, expect, test } from "@jest/globals";
import { checkPort } from "../../../src/cli/doctor/check-connection.js";
import { checkTls } from "../../../src/cli/doctor/check-tls.js";
import { probe, type Target } from "../../../src/cli/doctor/target.js";
import { resolveAsEver, resolveTo } from "../../helpers/resolve-to.js";
import { startSlowToAccept } from "../../helpers/slow-to-accept.js";

describe("of a name with two addresses, one slow to accept and one that refuses, doctor says", () => {
  afterEach(resolveAsEver);

  for (const [what, check, expected] of [
    ["that its port is open", checkPort, { status: "ok", message: expect.stringContaining("of 127.0.0.1 is open") }],
    // Its port is one for cleartext.
    ["what it speaks", checkTls, { verdict: "tls-failed" }],
    // It speaks HTTP/2 alone: that what it says is no HTTP/1.1 shows that there is a connection.
    ["what it says", failureOfProbe, { cause: { code: "HPE_INVALID_CONSTANT" } }],
  ] as const) {
    test(what, async () => {
      const slow = await startSlowToAccept();
      try {
        resolveTo("127.0.0.1", "::1");
        const isTls = check === checkTls;
        const checking = check({
          origin: `${isTls ? "https" : "http"}://two.example:${slow.port}`,
          isTls,
          host: "two.example",
          port: slow.port,
          prefix: "",
          proxy: undefined,
          ca: undefined,
          timeoutMs: 10_000,
          signal: new AbortController().signal,
        });
        setTimeout(() => slow.accept(), 500);
        expect(await checking).toMatchObject(expected);
      } finally {
        slow.end();
      }
    });
  }
});

function failureOfProbe(target: Target): Promise<unknown> {
  return probe(target, "GET", "/").catch((error: unknown) => error);
}
