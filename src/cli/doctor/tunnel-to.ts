import type { Socket } from "node:net";
import type { HttpProxy } from "../connect/proxy.js";
import { openTunnel } from "../connect/tunnel.js";
import type { Target } from "./target.js";
import { within } from "./within.js";

/** Opens a connection to what is examined through its proxy, as one step. */
export function tunnelTo(target: Target, proxy: HttpProxy): Promise<Socket> {
  return within<Socket>(target, (resolve, reject) => {
    const stop = new AbortController();
    openTunnel(proxy, target.host, target.port, stop.signal).then(resolve, reject);
    return () => stop.abort();
  });
}
