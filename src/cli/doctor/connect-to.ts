import type { Socket } from "node:net";
import { connectTcp } from "../../http/node/connect-tcp.js";
import { openTunnel } from "../connect/tunnel.js";
import type { Target } from "./target.js";
import { within } from "./within.js";

/** Opens a connection to what is examined, as calls over HTTP/2 do, or through its proxy; as one step. */
export function connectTo(target: Target): Promise<Socket> {
  const { host, port, proxy } = target;
  return within<Socket>(target, (resolve, reject) => {
    const stop = new AbortController();
    const { signal } = stop;
    const opening = proxy ? openTunnel(proxy, { host, port, signal }) : connectTcp({ host, port }, signal);
    opening.then(resolve, reject);
    return () => stop.abort();
  });
}
