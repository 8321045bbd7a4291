import { create, type DescMethod, isMessage } from "@bufbuild/protobuf";
import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { asyncDispose } from "./async-dispose.js";
import { type Attempt, type AttemptPlan, runAttempts } from "./call/attempts.js";
import { parseBaseUrl } from "./call/base-url.js";
import { type ActiveCall, runCall } from "./call/call.js";
import { intercept } from "./call/intercept.js";
import { createRetryPolicy, type RetryOptions } from "./call/next-step.js";
import { requestMetadata } from "./call/request-metadata.js";
import { createTokenSource, type Token, type TokenSource } from "./call/token.js";
import { failure } from "./failure.js";
import type { HttpClient } from "./http/http.js";
import type { Http2Options } from "./http/http2-options.js";
import { type Protocol, wire } from "./protocol/protocol.js";

/** Options of `createAuthTransport` and `createAuthClient`. Bad ones throw a TypeError or a RangeError. */
export interface TransportOptions {
  /**
   * URL of the ZITADEL instance: `http:` or `https:`, without credentials, query or hash. A path is kept as a prefix.
   * On a web page it may be relative.
   */
  readonly baseUrl: string | URL;
  /**
   * Access token of the user, or a function that returns one, also asynchronously. The function is asked before
   * every attempt with `refresh: false`, and once with `refresh: true` after the server answered Unauthenticated.
   * Without it no `authorization` is sent, and callers may set that header themselves.
   */
  readonly token?: Token | undefined;
  /** `grpc`, `grpcWeb` or `rest`. Default: `grpc` in Node, `grpcWeb` elsewhere. */
  readonly protocol?: Protocol | undefined;
  /**
   * Milliseconds that a call may take in all: retries, token and connecting included. 1 to 3,600,000; `false` for no
   * limit. A call's own `timeoutMs` wins. Default 10,000, which is long for a page to wait and short for a request
   * of a backend.
   */
  readonly timeoutMs?: number | false | undefined;
  /** How calls that failed as Unavailable are repeated; `false` for never. */
  readonly retry?: RetryOptions | false | undefined;
  /** Connect's interceptors. They run once a call, within its deadline, and do not see the token. */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /** Told of every request that a call made. What it throws is ignored. */
  readonly onAttempt?: ((attempt: Attempt) => void) | undefined;
  /** Largest message to accept, in bytes, decompressed. Default 4 MiB, as in gRPC. */
  readonly maxResponseBytes?: number | undefined;
  /** Another `fetch` for gRPC-Web and REST. Not together with `http2`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Only in Node: options of the HTTP/2 connection. Given, gRPC-Web and REST use HTTP/2 as well. */
  readonly http2?: Http2Options | undefined;
  /** Whether a token may be sent over `http:` to a host other than this machine. Default `false`. */
  readonly allowInsecure?: boolean | undefined;
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
  readonly createFetchClient: (origin: string, fetch: typeof globalThis.fetch | undefined) => HttpClient;
  readonly createHttp2Client?: (origin: string, options: Http2Options) => HttpClient;
}

/** A transport, and the same one with another user's token. */
export interface TransportFamily {
  readonly transport: AuthTransport;
  withToken(token: Token): Transport;
}

/** Makes the transport under `createAuthTransport` and `createAuthClient`. */
export function createTransportFamily(given: TransportOptions, runtime: Runtime): TransportFamily {
  const options = ownOptions(given);
  const { origin, prefix, safeForTokens, crossOrigin } = parseBaseUrl(options.baseUrl);
  const { protocol = runtime.protocol, interceptors = [] } = options;
  if (!protocol?.[wire]) throw new TypeError("protocol must be grpc, grpcWeb or rest, as this package exports them");
  const mayAuthorize = safeForTokens || options.allowInsecure === true;
  const defaultTimeoutMs = options.timeoutMs === false ? undefined : checkedTimeout(options.timeoutMs ?? 10_000);
  const rules = {
    maxResponseBytes: checkedSize(options.maxResponseBytes ?? 4 * 1024 * 1024),
    acceptGzip: !crossOrigin && typeof DecompressionStream === "function",
  };
  const retry = createRetryPolicy(options.retry);
  const ownTokens = options.token === undefined ? undefined : createTokens(options.token);
  const http = createHttpClient(options, protocol, origin, runtime);
  const plan: AttemptPlan = {
    protocol: protocol[wire],
    rules,
    prefix,
    crossOrigin,
    retry,
    http,
    guard: protocol[wire].guard(rules),
    onAttempt: options.onAttempt,
  };
  const active: ActiveCall[] = [];
  let closed = false;

  function createTokens(token: Token): TokenSource {
    if (!mayAuthorize) {
      const remedy = "use https:, or set allowInsecure if the network in between is yours";
      throw new TypeError(`baseUrl is http: to a host other than this machine, which would show the token: ${remedy}`);
    }
    return createTokenSource(token);
  }

  function createTransport(tokens: TokenSource | undefined): Transport {
    // Without a token of its own the client leaves the header to its callers, under the same rule.
    const leavesAuthorization = tokens === undefined && mayAuthorize;
    return {
      unary(method, signal, timeoutMs, header, input, contextValues) {
        try {
          if (closed) throw new TypeError("the client is closed: create another one");
          checkMethod(method);
          const metadata = requestMetadata(header, leavesAuthorization);
          const ms = timeoutMs === undefined ? defaultTimeoutMs : checkedTimeout(timeoutMs);
          const message = isMessage(input, method.input) ? input : create(method.input, input);
          return runCall(ms, signal, active, (call) => {
            if (interceptors.length === 0) return runAttempts(plan, call, tokens, method, message, metadata);
            call.step = "running its interceptors";
            const url = `${origin}${prefix}/${method.parent.typeName}/${method.name}`;
            const request = { url, method, message, header: new Headers(metadata), contextValues };
            return intercept(interceptors, call, request, (bound, sent, header) =>
              runAttempts(plan, bound, tokens, method, sent, requestMetadata(header, leavesAuthorization)),
            );
          });
        } catch (mistake) {
          return Promise.reject(mistake);
        }
      },
      async stream(method) {
        checkMethod(method);
        const hint = "use a transport of @connectrpc/connect-node or connect-web";
        const name = `${method.parent.typeName}/${method.name}`;
        throw failure(Code.Unimplemented, `${name} is streaming, which this transport is not made for: ${hint}`, {});
      },
    };
  }

  async function close(): Promise<void> {
    closed = true;
    for (const { stop } of [...active]) stop(failure(Code.Canceled, "the client was closed", {}));
    http.close();
  }

  return {
    transport: { ...createTransport(ownTokens), close, [asyncDispose]: close },
    withToken: (token) => createTransport(createTokens(token)),
  };
}

/** Options without prototypes: one that somebody polluted must not be able to set, say, allowInsecure. */
function ownOptions(given: TransportOptions): TransportOptions {
  const own = <T extends object>(options: T): T => ({ __proto__: null, ...options });
  const options = own(given);
  const http2 = options.http2 && own(options.http2);
  return own({
    ...options,
    retry: options.retry && own(options.retry),
    http2: http2 && own({ ...http2, tls: http2.tls && own(http2.tls) }),
  });
}

function createHttpClient(
  { fetch, http2 }: TransportOptions,
  protocol: Protocol,
  origin: string,
  { createFetchClient, createHttp2Client }: Runtime,
): HttpClient {
  const { needsTrailers } = protocol[wire];
  if (fetch && http2) throw new TypeError("fetch and http2 are two ways to send the same call: pass one of them");
  if (createHttp2Client && (http2 || (needsTrailers && !fetch))) return createHttp2Client(origin, http2 ?? {});
  if (http2) throw new TypeError("http2 works only in Node: leave it away here");
  if (needsTrailers) {
    throw new TypeError(`${protocol.name} needs HTTP trailers, which fetch does not show: use grpcWeb or rest`);
  }
  return createFetchClient(origin, fetch);
}

// Connect 1 passes a service here, and knows its types by other fields.
function checkMethod({ kind }: DescMethod): void {
  if (kind === "rpc") return;
  throw new TypeError("this is a transport of Connect 2, called by a client that is not: use @connectrpc/connect 2");
}

function checkedTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= 3_600_000) return Math.ceil(timeoutMs);
  throw new RangeError(`timeoutMs must be 1 to 3600000 milliseconds, got ${timeoutMs}`);
}

function checkedSize(maxResponseBytes: number): number {
  // Four bytes hold the length of a gRPC message; one buffer holds the answer.
  if (Number.isInteger(maxResponseBytes) && maxResponseBytes >= 1 && maxResponseBytes <= 2 ** 31 - 1) {
    return maxResponseBytes;
  }
  throw new RangeError(`maxResponseBytes must be an integer of 1 to 2147483647, got ${maxResponseBytes}`);
}
