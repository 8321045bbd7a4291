import { type Finding, finder, ok } from "./finding.js";
import { connectTo, reasonOf, type Target } from "./target.js";

export const tcpVerdicts = {
  "tcp-failed": [
    "failed",
    "port {port} of {host} cannot be reached ({why})",
    "does the server run, on that port? Or does a firewall or a VPN keep it away? If only a proxy leads out, set HTTPS_PROXY",
  ],
} as const;

/** Opens a connection to the port, unless a proxy does. */
export async function checkTcp(target: Target): Promise<Finding[]> {
  if (target.proxy) return [];
  const { host, port } = target;
  const startedAt = performance.now();
  try {
    const socket = await connectTo(target);
    const address = socket.remoteAddress ?? host;
    socket.destroy();
    return [ok("tcp", `port ${port} of ${address} is open`, performance.now() - startedAt)];
  } catch (error) {
    const code = reasonOf(error, target);
    const why = code === "ECONNREFUSED" ? "nothing listens there" : code;
    return [finder("tcp", tcpVerdicts)("tcp-failed", { host, port, why })];
  }
}
