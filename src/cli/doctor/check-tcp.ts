import { connect } from "node:net";
import { type Finding, failed, ok } from "./finding.js";
import type { Target } from "./target.js";
import { codeOf, within } from "./within.js";

/** Opens a connection to the port. */
export async function checkTcp(target: Target): Promise<Finding> {
  const { host, port } = target;
  const startedAt = performance.now();
  try {
    const address = await within<string>(target, (resolve, reject) => {
      const socket = connect({ host, port });
      socket.on("error", reject);
      socket.once("connect", () => resolve(socket.remoteAddress ?? host));
      return () => socket.destroy();
    });
    return ok("tcp", `port ${port} of ${address} is open`, performance.now() - startedAt);
  } catch (error) {
    target.signal.throwIfAborted();
    const code = codeOf(error);
    if (code === "ECONNREFUSED") {
      const remedy = "is the port right, and does the server run?";
      return failed("tcp", "tcp-refused", `nothing listens on port ${port} of ${host}`, remedy);
    }
    const remedy = `does a firewall, a VPN or a wrong port keep it away?${proxyHint()}`;
    const why = code || (error as Error).message;
    return failed("tcp", "tcp-unreachable", `port ${port} of ${host} cannot be reached (${why})`, remedy);
  }
}

function proxyHint(): string {
  const { env } = process;
  const isSet = env.HTTPS_PROXY || env.https_proxy || env.HTTP_PROXY || env.http_proxy;
  return isSet ? " A proxy is set in the environment, which this command does not use." : "";
}
