import dns from "node:dns";
import { isIP } from "node:net";
import { expect } from "@jest/globals";

const { lookup } = dns;

type Callback = (error: null, addresses: dns.LookupAddress[]) => void;

/** Has every name found at these addresses, until `resolveAsEver`. */
export function resolveTo(...addresses: string[]): void {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  dns.lookup = ((_host: string, options: dns.LookupAllOptions, callback: Callback) => {
    expect(options.all).toBe(true);
    process.nextTick(callback, null, found);
  }) as typeof dns.lookup;
}

export function resolveAsEver(): void {
  dns.lookup = lookup;
}
