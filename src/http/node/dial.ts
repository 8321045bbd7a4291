import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import type { ConnectionTarget, Http2Options } from "../http2-options.js";
import { connectTcp, endpointOf, serverNameOf } from "./connect-tcp.js";
import type { Http2Settings } from "./settings.js";

/** What a `createConnection` threw, or was rejected with. */
export class CreateConnectionError {
  constructor(readonly cause: unknown) {}
}

/** What a protocol wants of TLS. */
export type TlsWishes = Pick<tls.ConnectionOptions, "ALPNProtocols" | "session">;

/**
 * Opens a connection to an origin: TCP, and TLS where it says so. Rejects with what the network, or the signal, says,
 * or with a `CreateConnectionError`. What comes after the signal was aborted is destroyed.
 */
export async function dial(
  origin: URL,
  settings: Http2Settings,
  wishes: TlsWishes,
  signal: AbortSignal,
): Promise<Duplex> {
  const { createConnection, secureContext } = settings;
  const endpoint = endpointOf(origin);
  const { host } = endpoint;
  const opened = createConnection
    ? await createdConnection(createConnection, { ...endpoint, signal })
    : await connectTcp(endpoint, signal);
  try {
    if (signal.aborted) throw signal.reason;
    if (origin.protocol !== "https:" || opened instanceof tls.TLSSocket) return opened;
    const servername = settings.servername ?? serverNameOf(host);
    return tls.connect({
      host,
      socket: opened,
      ...(servername && { servername }),
      ...(secureContext && { secureContext }),
      ...wishes,
      // Said out loud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not hand tokens to whoever answers.
      rejectUnauthorized: true,
    });
  } catch (error) {
    opened.on("error", () => {}).destroy();
    throw error;
  }
}

async function createdConnection(
  createConnection: NonNullable<Http2Options["createConnection"]>,
  target: ConnectionTarget,
): Promise<Duplex> {
  try {
    const opened: unknown = await createConnection(target);
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
