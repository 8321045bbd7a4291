import { type HttpProxy, ProxyError } from "../connect/proxy.js";
import { connectTo } from "./connect-to.js";
import { type Finding, failed, ok } from "./finding.js";
import type { Target } from "./target.js";
import { codeOf } from "./within.js";

/** Opens a connection to the port. */
export async function checkTcp(target: Target): Promise<Finding> {
  if (target.proxy) return await checkTunnel(target, target.proxy);
  const { host, port } = target;
  const startedAt = performance.now();
  try {
    const socket = await connectTo(target);
    const address = socket.remoteAddress ?? host;
    socket.destroy();
    return ok("tcp", `port ${port} of ${address} is open`, performance.now() - startedAt);
  } catch (error) {
    target.signal.throwIfAborted();
    const code = codeOf(error);
    if (code === "ECONNREFUSED") {
      const remedy = "is the port right, and does the server run?";
      return failed("tcp", "tcp-refused", `nothing listens on port ${port} of ${host}`, remedy);
    }
    const remedy = `does a firewall, a VPN or a wrong port keep it away? If only a proxy leads out: set HTTPS_PROXY`;
    const why = code || (error as Error).message;
    return failed("tcp", "tcp-unreachable", `port ${port} of ${host} cannot be reached (${why})`, remedy);
  }
}

async function checkTunnel(target: Target, proxy: HttpProxy): Promise<Finding> {
  const { host, port } = target;
  const startedAt = performance.now();
  try {
    (await connectTo(target)).destroy();
    const message = `the proxy ${proxy.host}:${proxy.port} (${proxy.variable}) connects to port ${port} of ${host}`;
    return ok("tcp", message, performance.now() - startedAt);
  } catch (error) {
    target.signal.throwIfAborted();
    if (!(error instanceof ProxyError)) {
      return failed("tcp", "proxy-unreachable", (error as Error).message, `is ${proxy.variable} right?`);
    }
    const { problem, remedy, status } = error;
    return failed("tcp", status === undefined ? "proxy-unreachable" : "proxy-refused", problem, remedy);
  }
}
