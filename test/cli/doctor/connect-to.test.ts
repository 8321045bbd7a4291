import dns from "node:dns";
import { isIP } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { checkTcp } from "../../../src/cli/doctor/check-tcp.js";
import { checkTls } from "../../../src/cli/doctor/check-tls.js";
import { startSlowToAccept } from "../../helpers/slow-to-accept.js";

describe("of a name with two addresses, one slow to accept and one that refuses, doctor says", () => {
  const { lookup } = dns;
  afterEach(() => {
    dns.lookup = lookup;
  });

  type Callback = (error: null, addresses: dns.LookupAddress[]) => void;

  for (const [what, check, expected] of [
    ["that its port is open", checkTcp, { status: "ok", message: expect.stringContaining("of 127.0.0.1 is open") }],
    // Its port is one for cleartext.
    ["what it speaks", checkTls, [{ verdict: "tls-not-spoken" }]],
  ] as const) {
    test(what, async () => {
      const slow = await startSlowToAccept();
      try {
        const found = ["127.0.0.1", "::1"].map((address) => ({ address, family: isIP(address) }));
        dns.lookup = ((_host: string, _options: object, callback: Callback) =>
          process.nextTick(callback, null, found)) as typeof dns.lookup;
        const checking = check({
          origin: `https://two.localhost:${slow.port}`,
          isTls: true,
          host: "two.localhost",
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
