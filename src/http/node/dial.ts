import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import type { Http2Settings } from "./settings.js";

/** Opens a connection to an origin: TCP, and TLS where it says so. Throws what a `createConnection` throws. */
export function dial(origin: URL, { servername, secureContext, createConnection }: Http2Settings): Duplex {
  const opened = createConnection?.(origin) as Duplex | undefined;
  if (createConnection && !(opened instanceof Duplex)) throw new TypeError("it must return a Duplex");
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  if (origin.protocol === "http:") {
    return opened ?? net.connect({ host, port: Number(origin.port || 80), noDelay: true });
  }
  if (opened instanceof tls.TLSSocket) return opened;
  const asked = servername ?? (net.isIP(host) === 0 ? host : undefined);
  return tls.connect({
    host,
    port: Number(origin.port || 443),
    ...(opened && { socket: opened }),
    ...(asked && { servername: asked }),
    ...(secureContext && { secureContext }),
    ALPNProtocols: ["h2"],
    // Said out loud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not hand tokens to whoever answers.
    rejectUnauthorized: true,
  });
}
