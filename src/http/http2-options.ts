/** Options of the HTTP/2 connection, for Node. */
export interface Http2Options {
  /**
   * Longest time until a new connection is ready, in milliseconds: DNS, TCP, TLS and HTTP/2's SETTINGS. Default 5,000.
   * A call whose own time is over before that fails, but the connection is made all the same, for the next one. Until
   * TCP has connected that keeps the process alive; `close()` gives it up.
   */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * After so many milliseconds of silence the connection is checked with a PING: while calls are under way, and
   * before it is used again. Default 30,000. A PING follows also a deadline that passed without a word from the server, at
   * most one between two answers, since servers of gRPC close a connection that pings more often. `false`: there is no
   * PING of any kind, and a connection that is in doubt is replaced.
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
   * a promise of one. Where the origin is `https:`, TLS is spoken through it, unless it is a `tls.TLSSocket`. What it
   * throws, or is rejected with, fails the call as Unavailable, with its message in the error's. A connection that
   * comes after `signal` was aborted is destroyed.
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
