import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Finding, finder, ok, skipped } from "./finding.js";
import { reasonOf, type Target, withTimeout } from "./target.js";

export const dnsVerdicts = {
  "dns-failed": [
    "failed",
    "{host} cannot be found ({why})",
    "is the name spelt right and known on this network, and does this machine's DNS work?",
  ],
} as const;

/** Finds the host's addresses, as a connection does: by the system's resolver. */
export async function checkDns(target: Target): Promise<Finding> {
  const { host, proxy } = target;
  if (proxy) return skipped("dns", `the proxy ${proxy.host}:${proxy.port} (${proxy.variable}) looks it up`);
  if (isIP(host)) return ok("dns", `${host} is an address`);
  const startedAt = performance.now();
  try {
    const found = await withTimeout(target, () => lookup(host, { all: true }));
    return ok("dns", `${host} is ${found.map(({ address }) => address).join(", ")}`, performance.now() - startedAt);
  } catch (error) {
    return finder("dns", dnsVerdicts)("dns-failed", { host, why: reasonOf(error, target) });
  }
}
