import type { Interceptor, Transport } from "@connectrpc/connect";
import type { Attempt } from "./call/attempts.js";
import type { RetryOptions } from "./call/next-step.js";
import type { Token } from "./call/token.js";
import type { Http2Options } from "./http/http2-options.js";
import type { Protocol } from "./protocol/protocol.js";

/** What calls have in common, whatever sends them. */
export interface CallerOptions {
  /**
   * Access token of the user, or a function that returns one, also asynchronously. The client asks the function before
   * every attempt with `refresh: false`, and once with `refresh: true` after the server answered Unauthenticated. All
   * calls whose token was refused wait for the same refresh, also those of other clients with the same function. It takes
   * 30 seconds at most, and goes on if the calls end before it. Do not call the client inside the function: it deadlocks.
   * What the function throws rejects the call as it is. The call is not repeated, since the function may have spent a
   * refresh token. Without `token` the client sends no `authorization`, and callers may set that header themselves.
   */
  readonly token?: Token | undefined;
  /**
   * Milliseconds that a call may take in all: retries, token and connecting included. 1 to 3,600,000; `false` for no
   * limit. A call's own `timeoutMs`, in the same range, wins. Default 10,000. Like Connect's `defaultTimeoutMs`.
   */
  readonly timeoutMs?: number | false | undefined;
  /**
   * How calls that failed as Unavailable are repeated; `false` for no retries. All calls of a client share a throttle of
   * 100 retries, `withToken` included. Each successful retry frees one; so do five other successes. A lost connection or
   * a port that refuses counts as one retry, however many calls it ended.
   *
   * Two kinds of request are sent once more even with `false`: one that the server says it did not process
   * (REFUSED_STREAM, GOAWAY), since servers restart that way (gRFC A6, "transparent retries"), and one whose token was
   * refreshed.
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Connect's interceptors. They run once a call, within its deadline, and do not see the token. What one throws rejects
   * the call as it is. Requests that it started end with the call.
   */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Called after every request of a call. What it throws is ignored. */
  readonly onAttempt?: ((attempt: Attempt) => void) | undefined;
}

/** Options of `createAuthTransport` and `createAuthClient`. Bad ones throw a TypeError or a RangeError. */
export interface TransportOptions extends CallerOptions {
  /**
   * URL of the ZITADEL instance: `http:` or `https:`, without credentials, query or hash. A path is kept as a prefix.
   * On a web page it may be relative.
   */
  readonly baseUrl: string | URL;
  /** `grpc`, `grpcWeb` or `rest`. Default: `grpc` in Node, `grpcWeb` elsewhere. */
  readonly protocol?: Protocol | undefined;
  /** Largest message to accept, in bytes, decompressed. Default 4 MiB, as in gRPC. As Connect's `readMaxBytes`. */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Another `fetch` for gRPC-Web and REST. Not together with `http2`. What it throws rejects the call as it is, except
   * network errors of the runtime, such as `TypeError: fetch failed`.
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Only in Node: options of the HTTP/2 connection. With this option gRPC-Web and REST use HTTP/2 too. */
  readonly http2?: Http2Options | undefined;
  /** Whether a token may be sent over `http:` to a host other than this machine. Default `false`. */
  readonly allowInsecure?: boolean | undefined;
  /** See `GivenTransportOptions`. */
  readonly transport?: undefined;
}

/** Options of `createAuthTransport` and `createAuthClient` over a transport that the caller has made. */
export interface GivenTransportOptions extends CallerOptions {
  /**
   * Any Connect transport, such as `createGrpcTransport` of @connectrpc/connect-node or `createRouterTransport` in a
   * test. It sends the requests, and you close it. Token, refresh, deadline, retries, interceptors and `getErrorInfo`
   * work with it. Only the built-in transport refuses a token over `http:`, limits the size of answers, and knows which
   * requests were never sent: here Unavailable counts as maybe done, so only methods that are safe to repeat are
   * repeated. The `url` that interceptors see begins with `https://transport.invalid`.
   */
  readonly transport: Transport;
  readonly baseUrl?: undefined;
  readonly protocol?: undefined;
  readonly maxResponseBytes?: undefined;
  readonly fetch?: undefined;
  readonly http2?: undefined;
  readonly allowInsecure?: undefined;
}

/** A base URL, taken apart. */
export interface BaseUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Its path without a slash at the end; empty for none. */
  readonly prefix: string;
  /** Whether a token may travel on it: `https:`, or a host that is this machine for everybody. */
  readonly safeForTokens: boolean;
  /** Whether its host is a name under localhost, which is this machine where no resolver is asked for it. */
  readonly isUnderLocalhost: boolean;
  /** Whether this is a page of another origin. */
  readonly crossOrigin: boolean;
}

/** Checks and takes apart the `baseUrl` option. Throws a TypeError that names the mistake. */
export function parseBaseUrl(baseUrl: string | URL): BaseUrl {
  const page = globalThis.location?.origin;
  if (baseUrl === undefined || baseUrl === null) {
    throw new TypeError('baseUrl is missing: pass the URL of your instance, such as "https://my.zitadel.cloud"');
  }
  // React Native's URL takes no other URL.
  const text = String(baseUrl);
  let url: URL;
  try {
    // Some documents have an empty location.
    url = new URL(text, globalThis.location?.href || undefined);
  } catch {
    // Without the value: it may hold a password.
    throw new TypeError('baseUrl is not an absolute URL: it should look like "https://my.zitadel.cloud"');
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new TypeError(`baseUrl has the scheme "${url.protocol}": it must be https: or http:`);
  }
  if (url.username || url.password) throw new TypeError("baseUrl holds credentials: pass the token as `token` instead");
  // Also where they are empty, which the URL's own fields do not show.
  if (/[?#]/.test(text)) throw new TypeError("baseUrl has a query or a hash: omit it");
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/+$/, ""),
    // As WHATWG's URL spells hosts. Every system has localhost in a file.
    safeForTokens: url.protocol === "https:" || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname),
    isUnderLocalhost: url.hostname.endsWith(".localhost"),
    crossOrigin: page !== undefined && page !== url.origin,
  };
}
