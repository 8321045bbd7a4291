import { afterEach, expect, test } from "@jest/globals";
import { connectTcp } from "../../../src/http/node/connect-tcp.js";
import { closedPort } from "../../helpers/closed-port.js";
import { resolveAsEver, resolveTo } from "../../helpers/resolve-to.js";

afterEach(resolveAsEver);

const inTime = () => AbortSignal.timeout(2_000);
// No connection can be made to it, which the system says at once.
const broadcast = "255.255.255.255";

for (const addresses of [
  ["127.0.0.1", broadcast],
  [broadcast, "127.0.0.1"],
  [broadcast, "127.0.0.1", broadcast],
]) {
  test(`that an address refuses says more than that another cannot be reached, of ${addresses.join()}`, async () => {
    const port = await closedPort();
    resolveTo(...addresses);
    await expect(connectTcp("some.example", port, inTime())).rejects.toMatchObject({
      code: "ECONNREFUSED",
      address: "127.0.0.1",
    });
  });
}

test("where none refuses, the first error counts", async () => {
  resolveTo(broadcast, `::ffff:${broadcast}`);
  await expect(connectTcp("some.example", 1, inTime())).rejects.toMatchObject({ address: broadcast });
});

test("a name without an address is not found, at once", async () => {
  resolveTo();
  await expect(connectTcp("some.example", 1, inTime())).rejects.toMatchObject({ code: "ENOTFOUND" });
});
