import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { networkFailure } from "../../failure.js";
import { LenientTimer } from "../../lenient-timer.js";
import { CreateConnectionError, dial } from "./dial.js";
import { dialFault } from "./faults.js";
import type { Http2Settings } from "./settings.js";

/** What of TLS the connections to one origin have in common. */
export interface TlsMemory {
  /** The last session, with which the next handshake takes less. */
  session?: Buffer;
}

/** One try to open a connection for HTTP/1.1: DNS, TCP and TLS, all within `connectTimeoutMs`. */
export class Http1Dial {
  /** Rejects with a `ConnectError`. */
  readonly connection: Promise<Duplex>;
  readonly #controller = new AbortController();
  readonly #timer: LenientTimer;
  #socket: Duplex | undefined;

  constructor(origin: URL, settings: Http2Settings, memory: TlsMemory) {
    const { host } = origin;
    const { connectTimeoutMs } = settings;
    const { signal } = this.#controller;
    this.#timer = new LenientTimer(connectTimeoutMs, () => this.giveUp());
    this.connection = new Promise<Duplex>((resolve, reject) => {
      signal.addEventListener("abort", () => {
        this.#socket?.destroy();
        const message = `no connection to ${host} within connectTimeoutMs (${connectTimeoutMs})`;
        reject(networkFailure({ reason: "connect-timeout", message, repeat: "never" }));
      });
      const { session } = memory;
      dial(origin, settings, { ALPNProtocols: ["http/1.1"], ...(session && { session }) }, signal)
        .then((socket) => {
          this.#socket = socket;
          return socket instanceof TLSSocket ? secured(socket, memory) : socket;
        })
        .then(resolve, (thrown) => {
          const cause: unknown = thrown instanceof CreateConnectionError ? thrown.cause : thrown;
          const { authorizationError } = (this.#socket ?? {}) as Partial<TLSSocket>;
          const fault = dialFault(cause, host, cause !== thrown, authorizationError);
          // Nothing was sent yet, so nothing can have been applied.
          reject(networkFailure({ ...fault, repeat: fault.repeat === "never" ? "never" : "not-sent" }, cause));
        });
    }).finally(() => this.#timer.end());
  }

  /** Lets the process end although it goes on, unless TCP has not connected yet: that Node never lets go of. */
  unref(): void {
    this.#timer.unref();
    (this.#socket as Partial<Socket> | undefined)?.unref?.();
  }

  giveUp(): void {
    this.#controller.abort();
  }
}

function secured(socket: TLSSocket, memory: TlsMemory): Promise<Duplex> {
  // Told of those alone whose certificate was checked.
  socket.on("session", (session) => {
    memory.session = session;
  });
  return new Promise((resolve, reject) => {
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed instead of TLS")));
  });
}
