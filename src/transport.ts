import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { asyncDispose } from "./async-dispose.js";
import type { Attempt } from "./call/attempts.js";
import { parseBaseUrl } from "./call/base-url.js";
import { checkRange } from "./call/check-range.js";
import { createRetryPolicy, type RetryOptions } from "./call/next-step.js";
import { checkMethod, checkTimeout, createCalls } from "./call/run-call.js";
import { protocolSender, type Sender, transportSender } from "./call/sender.js";
import { Throttle } from "./call/throttle.js";
import { createTokenSource, type Token, type TokenSource } from "./call/token.js";
import { failure } from "./failure.js";
import type { HttpClient } from "./http/http.js";
import type { Http2Options } from "./http/http2-options.js";
import { own } from "./own.js";
import { type Protocol, wire } from "./protocol/protocol.js";

/** What calls have in common, whatever sends them. */
export interface CallerOptions {
  /**
   * Access token of the user, or a function that returns one, also asynchronously. The function is asked before
   * every attempt with `refresh: false`, and once with `refresh: true` after the server answered Unauthenticated. All
   * calls whose token was refused wait for one refresh, 30 seconds at most, also those of other clients with the same
   * function; it goes on if they leave. Do not call the client inside the function: it deadlocks. What it throws
   * rejects the call as it is, which is not repeated: what it tried may have spent a refresh token. Without `token` no
   * `authorization` is sent, and callers may set that header themselves.
   */
  readonly token?: Token | undefined;
  /**
   * Milliseconds that a call may take in all: retries, token and connecting included. 1 to 3,600,000; `false` for no
   * limit. A call's own `timeoutMs`, in the same range, wins. Default 10,000, which is long for a page to wait and short for a request
   * of a backend. As Connect's `defaultTimeoutMs`.
   */
  readonly timeoutMs?: number | false | undefined;
  /**
   * How calls that failed as Unavailable are repeated; `false` for not at all. Retries of all calls of a client share a
   * throttle, `withToken` included: 100 at a time, each given back by a success of a retried call, or by five of
   * others; a lost connection or a port that refuses counts once, however many calls it ended.
   *
   * With `false` too a request is sent once more, at once, if the server said that it did not take it (REFUSED_STREAM
   * or GOAWAY): nothing was done, and a server that restarts would be seen by every caller otherwise (gRFC A6,
   * "transparent retries"). So is one whose token was refreshed.
   */
  readonly retry?: RetryOptions | false | undefined;
  /**
   * Connect's interceptors. They run once a call, within its deadline, and do not see the token. What one throws rejects
   * the call as it is. Requests that one leaves behind end with the call.
   */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Told of every request that a call made. What it throws is ignored. */
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
   * Another `fetch` for gRPC-Web and REST. Not together with `http2`. What it throws rejects the call as it is, unless it
   * is a network error as runtimes have them, such as `TypeError: fetch failed`.
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Only in Node: options of the HTTP/2 connection. Given, gRPC-Web and REST use HTTP/2 as well. */
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
   * test; it sends, and stays yours to close. Token, refresh, deadline, retries, interceptors and `getErrorInfo` work
   * on top of it. What only the way of our own can promise: that a token stays off `http:`, a limit to the size of
   * answers, and telling what was never sent from what was (Unavailable counts as maybe done, so only methods that are
   * safe to repeat are repeated). What interceptors see as `url` begins with `https://transport.invalid`.
   */
  readonly transport: Transport;
  readonly baseUrl?: undefined;
  readonly protocol?: undefined;
  readonly maxResponseBytes?: undefined;
  readonly fetch?: undefined;
  readonly http2?: undefined;
  readonly allowInsecure?: undefined;
}

/** A Connect `Transport` that can be closed. */
export interface AuthTransport extends Transport {
  /** Cancels the calls under way and closes the connection. Later calls fail with a TypeError. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What an entry point brings along: what is the default, and what there is, where it runs. */
export interface Runtime {
  readonly protocol: Protocol;
  /** Makes what sends by a protocol. Throws a TypeError for options that do not work there. */
  readonly createHttpClient: (
    origin: string,
    options: Pick<TransportOptions, "fetch" | "http2">,
    protocol: Protocol,
  ) => HttpClient;
}

/** A transport, and the same one with another user's token. */
export interface TransportFamily {
  readonly transport: AuthTransport;
  withToken(token: Token): Transport;
}

/** Makes the transport under `createAuthTransport` and `createAuthClient`. */
export function createTransportFamily(
  given: TransportOptions | GivenTransportOptions,
  runtime: Runtime,
): TransportFamily {
  const options = own(given);
  const { token, timeoutMs = 10_000, interceptors = [], retry, onAttempt } = options;
  if (!Array.isArray(interceptors)) throw new TypeError("interceptors must be an array");
  if (onAttempt && typeof onAttempt !== "function") throw new TypeError("onAttempt must be a function");
  if (retry && typeof retry !== "object") throw new TypeError("retry must be false or an object");
  const { mayAuthorize, createSender } = options.transport ? overTransport(options) : overHttp(options, runtime);
  const plan = {
    timeoutMs: timeoutMs === false ? undefined : checkTimeout(timeoutMs),
    policy: createRetryPolicy(retry && own(retry)),
    throttle: new Throttle(),
    interceptors,
    onAttempt,
  };
  const ownTokens = token === undefined ? undefined : createTokens(token);
  const calls = createCalls({ ...plan, sender: createSender() });

  function createTokens(token: Token): TokenSource {
    if (!mayAuthorize) {
      const remedy = "use https:, or set allowInsecure if the network in between is yours";
      throw new TypeError(`baseUrl is http: to a host other than this machine, which would show the token: ${remedy}`);
    }
    return createTokenSource(token);
  }

  function createTransport(tokens: TokenSource | undefined): Transport {
    return {
      // Without a token of its own the client leaves the header to its callers, under the same rule.
      unary: calls.unary(tokens, tokens === undefined && mayAuthorize),
      async stream(method) {
        checkMethod(method);
        const hint = "use a transport of @connectrpc/connect-node or connect-web";
        const name = `${method.parent.typeName}/${method.name}`;
        throw failure(Code.Unimplemented, `${name} is streaming, which this transport is not made for: ${hint}`, {});
      },
    };
  }

  const close = async () => calls.close();
  return {
    transport: { ...createTransport(ownTokens), close, [asyncDispose]: close },
    withToken: (token) => createTransport(createTokens(token)),
  };
}

/** What sends, and whether a token may go that way. */
interface Way {
  readonly mayAuthorize: boolean;
  createSender(): Sender;
}

function overTransport({ transport, ...others }: GivenTransportOptions): Way {
  for (const name of ["baseUrl", "protocol", "fetch", "http2", "maxResponseBytes", "allowInsecure"] as const) {
    if (others[name] === undefined) continue;
    throw new TypeError(
      `transport and ${name} exclude each other: set up where the transport is made what it sends by`,
    );
  }
  if (typeof transport.unary !== "function") {
    throw new TypeError("transport must be a Connect transport, such as createGrpcTransport({ baseUrl }) makes");
  }
  return { mayAuthorize: true, createSender: () => transportSender(transport) };
}

function overHttp(options: TransportOptions, runtime: Runtime): Way {
  const { origin, prefix, safeForTokens, crossOrigin } = parseBaseUrl(options.baseUrl);
  const { protocol = runtime.protocol } = options;
  if (!protocol?.[wire]) throw new TypeError("protocol must be grpc, grpcWeb or rest, as this package exports them");
  const { maxResponseBytes = 4 * 1024 * 1024 } = options;
  // Four bytes hold the length of a gRPC message; one buffer holds the answer.
  checkRange("maxResponseBytes", maxResponseBytes, 1, 2 ** 31 - 1, "an integer of ");
  // Asked without a look at it: Node loads its web streams for that, which takes longer than the rest of this.
  const acceptGzip = !crossOrigin && "DecompressionStream" in globalThis;
  return {
    mayAuthorize: safeForTokens || options.allowInsecure === true,
    createSender() {
      const http = runtime.createHttpClient(origin, options, protocol);
      if (protocol[wire].needsTrailers && !http.hasTrailers) {
        throw new TypeError(`${protocol.name} needs HTTP trailers, which fetch does not show: use grpcWeb or rest`);
      }
      return protocolSender(protocol[wire], http, { origin, prefix, crossOrigin, maxResponseBytes, acceptGzip });
    },
  };
}
