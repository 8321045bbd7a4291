import { ProxyError } from "../connect/proxy.js";
import { type Finding, finder, ok } from "./finding.js";
import { connectTo, reasonOf, type Target } from "./target.js";

export const proxyVerdicts = { "proxy-failed": ["failed", "{problem}", "{remedy}"] } as const;

/** Opens a connection to the port through the proxy, if there is one. */
export async function checkProxy(target: Target): Promise<Finding[]> {
  const { proxy, host, port } = target;
  if (!proxy) return [];
  const startedAt = performance.now();
  try {
    (await connectTo(target)).destroy();
    const message = `the proxy ${proxy.host}:${proxy.port} (${proxy.variable}) connects to port ${port} of ${host}`;
    return [ok("proxy", message, performance.now() - startedAt)];
  } catch (error) {
    const why = reasonOf(error, target);
    const { problem, remedy } =
      error instanceof ProxyError ? error : { problem: `the proxy: ${why}`, remedy: `is ${proxy.variable} right?` };
    return [finder("proxy", proxyVerdicts)("proxy-failed", { problem, remedy })];
  }
}
