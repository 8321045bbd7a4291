import { EventEmitter } from "node:events";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { connectTcp } from "./connect-tcp.js";
import type { Http2Settings } from "./settings.js";

/** What a `createConnection` threw, or was rejected with. */
export class CreateConnectionError {
  constructor(readonly cause: unknown) {}
}

/**
 * Opens a connection to an origin: TCP, and TLS where it says so. Rejects with what the network, or the signal, says,
 * or with a `CreateConnectionError`. What comes after the signal was aborted is destroyed.
 */
export async function dial(origin: URL, settings: Http2Settings, signal: AbortSignal): Promise<Duplex> {
  const host = origin.hostname.replace(/^\[|\]$/g, "");
  const isTls = origin.protocol === "https:";
  const opened = settings.createConnection
    ? await createdConnection(origin, settings.createConnection)
    : await connectTcp(host, Number(origin.port || (isTls ? 443 : 80)), signal);
  try {
    if (signal.aborted) throw signal.reason;
    if (!isTls || opened instanceof tls.TLSSocket) return opened;
    const { secureContext } = settings;
    const servername = settings.servername ?? (net.isIP(host) === 0 ? host : undefined);
    return tls.connect({
      host,
      socket: opened,
      ...(servername && { servername }),
      ...(secureContext && { secureContext }),
      ALPNProtocols: ["h2"],
      // Said out loud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not hand tokens to whoever answers.
      rejectUnauthorized: true,
    });
  } catch (error) {
    opened.on("error", () => {}).destroy();
    throw error;
  }
}

async function createdConnection(
  origin: URL,
  createConnection: NonNullable<Http2Settings["createConnection"]>,
): Promise<Duplex> {
  try {
    // A copy: what it changes there must not lead the next connection elsewhere.
    const opened: unknown = await createConnection(new URL(origin));
    // It may have failed already, or fail at any time: an error that nobody listens to would end the process.
    if (opened instanceof EventEmitter) opened.on("error", () => {});
    if (!(opened instanceof Duplex)) throw new TypeError("it must return a Duplex, or a promise of one");
    if (!opened.destroyed && !opened.readableEnded && !opened.writableEnded) return opened;
    opened.destroy();
    throw opened.errored ?? new Error("the connection that it returned is closed");
  } catch (cause) {
    throw new CreateConnectionError(cause);
  }
}
