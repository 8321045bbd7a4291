/** Options of the HTTP/2 connection, for Node. */
export interface Http2Options {
  /**
   * Longest time until a new connection is ready, in milliseconds: DNS, TCP, TLS and HTTP/2's SETTINGS. Default 5,000.
   * A call whose deadline is shorter fails, but the connection is still made, for the next call. This keeps the process
   * alive until TCP has connected; `close()` stops it.
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * After so many milliseconds of silence a PING checks the connection, while calls are in flight and before it is used
   * again. Default 30,000. If a deadline passes without a word from the server, a PING follows too: at most one between two
   * answers, since gRPC servers close a connection that pings more often. `false`: no PINGs; a connection in doubt is
   * replaced.
   */
  readonly pingIntervalMs?: number | false | undefined;
  /**
   * How long an answer to a PING may take, in milliseconds, before the connection counts as lost. Default 5,000. Calls
   * wait for it only 50 ms, or three round trips, before another connection is made for them.
   */
  readonly pingTimeoutMs?: number | undefined;
  /**
   * How long an unused connection is kept, in milliseconds. Default 50,000, a little less than load balancers do.
   * An unused connection does not keep the process alive.
   */
  readonly idleTimeoutMs?: number | undefined;
  /** TLS options. The server's certificate is always checked. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Opens the connection to the origin itself, to pass through a proxy: returns a `Duplex`, such as a `net.Socket`, or
   * a promise of one. If the origin is `https:`, the client speaks TLS through it, unless it is a `tls.TLSSocket`. If it
   * throws or rejects, the call fails as Unavailable, with that message in the error's. A connection that comes after
   * `signal` was aborted is destroyed.
   */
  readonly createConnection?: ((target: ConnectionTarget) => object | Promise<object>) | undefined;
}

/** Where `createConnection` is to connect to. */
export interface ConnectionTarget {
  /** Host name, or an address without brackets. */
  readonly host: string;
  /** The scheme's own, 443 or 80, where `baseUrl` names none. */
  readonly port: number;
  /** Aborts when nobody wants the connection any more: after `connectTimeoutMs`, or by `close()`. */
  readonly signal: AbortSignal;
}

/** Certificates and keys in PEM. */
export interface TlsOptions {
  /** Certificates to trust instead of those that Node brings along. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** Client certificate (mutual TLS). */
  readonly cert?: string | Uint8Array | undefined;
  /** Key of the client certificate. */
  readonly key?: string | Uint8Array | undefined;
  /** Passphrase of the key. */
  readonly passphrase?: string | undefined;
  /** Host name to ask for and to check, instead of the URL's. */
  readonly servername?: string | undefined;
}
