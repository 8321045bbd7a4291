import dns from "node:dns";
import { once } from "node:events";
import { type AddressInfo, createServer, isIP } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { connectTcp } from "../../../src/http/node/connect-tcp.js";

const { lookup } = dns;
afterEach(() => {
  dns.lookup = lookup;
});

type Callback = (error: null, addresses: dns.LookupAddress[]) => void;

function resolveTo(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  dns.lookup = ((_host: string, _options: object, callback: Callback) =>
    process.nextTick(callback, null, found)) as typeof dns.lookup;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

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
