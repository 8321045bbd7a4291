import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ProxyError } from "../connect/proxy.js";
import { type Finding, finder, ok, skipped } from "./finding.js";
import { connectTo, reasonOf, type Target, withTimeout } from "./target.js";

export const connectionVerdicts = {
  "dns-failed": [
    "failed",
    "{host} cannot be found ({why})",
    "is the name spelt right and known on this network, and does this machine's DNS work?",
  ],
  "tcp-failed": [
    "failed",
    "port {port} of {host} cannot be reached ({why})",
    "does the server run, on that port? Or does a firewall or a VPN keep it away? If only a proxy leads out, set HTTPS_PROXY",
  ],
  "proxy-failed": ["failed", "{problem}", "{remedy}"],
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
    return finder("dns", connectionVerdicts)("dns-failed", { host, why: reasonOf(error, target) });
  }
}

/** Opens a connection to the port, or has the proxy do so. */
export async function checkPort(target: Target): Promise<Finding> {
  const { host, port, proxy } = target;
  const startedAt = performance.now();
  try {
    const socket = await connectTo(target);
    const address = socket.remoteAddress ?? host;
    socket.destroy();
    const ms = performance.now() - startedAt;
    if (!proxy) return ok("tcp", `port ${port} of ${address} is open`, ms);
    return ok(
      "proxy",
      `the proxy ${proxy.host}:${proxy.port} (${proxy.variable}) connects to port ${port} of ${host}`,
      ms,
    );
  } catch (error) {
    const why = reasonOf(error, target);
    if (!proxy) {
      const facts = { host, port, why: why === "ECONNREFUSED" ? "nothing listens there" : why };
      return finder("tcp", connectionVerdicts)("tcp-failed", facts);
    }
    const { problem, remedy } =
      error instanceof ProxyError ? error : { problem: `the proxy: ${why}`, remedy: `is ${proxy.variable} right?` };
    return finder("proxy", connectionVerdicts)("proxy-failed", { problem, remedy });
  }
}
