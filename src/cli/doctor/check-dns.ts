import { lookup } from "node:dns";
import { isIP } from "node:net";
import { type Finding, failed, ok, skipped } from "./finding.js";
import type { Target } from "./target.js";
import { codeOf, within } from "./within.js";

/** Finds the host's addresses, as a connection does: by the system's resolver. */
export async function checkDns(target: Target): Promise<Finding> {
  const { host, proxy } = target;
  if (proxy) return skipped("dns", `the proxy ${proxy.host}:${proxy.port} (${proxy.variable}) looks it up`);
  if (isIP(host)) return ok("dns", `${host} is an address`);
  const startedAt = performance.now();
  try {
    const addresses = await within<string[]>(target, (resolve, reject) => {
      lookup(host, { all: true }, (error, found) =>
        error ? reject(error) : resolve(found.map(({ address }) => address)),
      );
      return () => {};
    });
    return ok("dns", `${host} is ${addresses.join(", ")}`, performance.now() - startedAt);
  } catch (error) {
    target.signal.throwIfAborted();
    const why = codeOf(error) || (error as Error).message;
    const remedy =
      why === "ENOTFOUND" ? "is the name spelt right, and known on this network?" : "does this machine's DNS work?";
    return failed("dns", "dns-failed", `${host} cannot be found (${why})`, remedy);
  }
}
