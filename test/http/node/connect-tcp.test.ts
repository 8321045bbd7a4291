import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { connectTcp, serverNameOf } from "../../../src/http/node/connect-tcp.js";

import { until } from "../../faults/fault-row.js";
import { closedPort } from "../../helpers/closed-port.js";
import { resolveAsEver, resolveTo } from "../../helpers/resolve-to.js";
import { startSlowToAccept } from "../../helpers/slow-to-accept.js";

afterEach(resolveAsEver);

const inTime = () => AbortSignal.timeout(2_000);
// No connection can be made to it, which the system says at once.
const broadcast = "255.255.255.255";

test("TLS asks a host for its name without the dot at its end, and an address for none", () => {
  expect(["a.example", "a.example.", "127.0.0.1", "::1"].map(serverNameOf)).toEqual([
    "a.example",
    "a.example",
    undefined,
    undefined,
  ]);
});

for (const addresses of [
  ["127.0.0.1", broadcast],
  [broadcast, "127.0.0.1"],
  [broadcast, "127.0.0.1", broadcast],
]) {
  test(`that an address refuses says more than that another cannot be reached, of ${addresses.join()}`, async () => {
    const port = await closedPort();
    resolveTo(...addresses);
    await expect(connectTcp({ host: "some.example", port }, inTime())).rejects.toMatchObject({
      code: "ECONNREFUSED",
      address: "127.0.0.1",
    });
  });
}

test("where none refuses, the first error counts", async () => {
  resolveTo(broadcast, `::ffff:${broadcast}`);
  await expect(connectTcp({ host: "some.example", port: 1 }, inTime())).rejects.toMatchObject({ address: broadcast });
});

test("a name without an address is not found, at once", async () => {
  resolveTo();
  await expect(connectTcp({ host: "some.example", port: 1 }, inTime())).rejects.toMatchObject({ code: "ENOTFOUND" });
});

test("of two families the one that loses leaves no connection behind", async () => {
  const slow = await startSlowToAccept();
  const quick = createServer().listen(slow.port, "::1");
  try {
    await once(quick, "listening");
    const connecting = () => process.getActiveResourcesInfo().filter((kind) => kind.endsWith("ConnectWrap")).length;
    const before = connecting();
    resolveTo("127.0.0.1", "::1");
    const socket = await connectTcp({ host: "two.example", port: slow.port }, inTime());
    expect(socket.remoteAddress).toBe("::1");
    await until(() => connecting() === before, "the other one still connects");
    socket.destroy();
  } finally {
    slow.end();
    quick.close();
  }
});
