import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { connectTcp } from "../../http/node/connect-tcp.js";
import type { HttpProxy } from "./proxy.js";
import { openTunnel } from "./tunnel.js";

// A connection that comes too late is the agent's to close.
const never = new AbortController().signal;

/** How to reach a server over HTTP/1.1. */
export interface Route {
  readonly isTls: boolean;
  readonly proxy: HttpProxy | undefined;
  /** Certificates to trust, PEM. */
  readonly ca: string | undefined;
}

interface Origin {
  readonly host?: string;
  readonly port?: number | string;
}

/**
 * Makes an agent for `request` of node:http or node:https that takes this route, whatever Node itself makes of the
 * environment, as with NODE_USE_ENV_PROXY.
 */
export function createAgent({ isTls, proxy, ca }: Route, keepAlive: boolean): HttpAgent {
  const tls = { rejectUnauthorized: true, ...(ca !== undefined && { ca }) };
  const agent = isTls ? new HttpsAgent({ keepAlive, ...tls }) : new HttpAgent({ keepAlive });
  const createConnection = ({ host = "", port = 0 }: Origin, done: (error: Error | null, stream?: object) => void) => {
    // Node's own way would give an address 250 ms.
    const opening = proxy ? openTunnel(proxy, host, Number(port)) : connectTcp(host, Number(port), never);
    opening.then((socket) => {
      const servername = isIP(host) === 0 ? { servername: host } : {};
      // Without `host` an address would be looked for in the certificate by the proxy's name.
      done(null, isTls ? connectTls({ host, socket, ...servername, ...tls }) : socket);
    }, done);
  };
  return Object.assign(agent, { createConnection });
}
