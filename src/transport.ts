import { create, type DescMethod, isMessage } from "@bufbuild/protobuf";
import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { type AttemptPlan, Attempts } from "./call/attempts.js";
import { Call, checkSignal } from "./call/call.js";
import { intercept } from "./call/intercept.js";
import { requestMetadata } from "./call/metadata.js";
import { checkRange, createRetryPolicy } from "./call/next-step.js";
import { protocolSender, type Sender, transportSender } from "./call/sender.js";
import { Throttle } from "./call/throttle.js";
import { createTokenSource, type Token, type TokenSource } from "./call/token.js";
import { failure } from "./failure.js";
import type { HttpClient } from "./http/http.js";
import { defaultMaxResponseBytes } from "./limits.js";
import { nullPrototype } from "./null-prototype.js";
import { type GivenTransportOptions, parseBaseUrl, type TransportOptions } from "./options.js";
import { type Protocol, wire } from "./protocol/protocol.js";

/** A Connect `Transport` that can be closed. */
export interface AuthTransport extends Transport {
  /** Cancels the calls in flight and closes the connection. Later calls fail with a TypeError. */
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

/** `Symbol.asyncDispose`, also where the runtime does not have it yet: a method must not end up named "undefined". */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

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
  const options = nullPrototype(given);
  const { token, timeoutMs = 10_000, interceptors = [], retry, onAttempt } = options;
  if (!Array.isArray(interceptors)) throw new TypeError("interceptors must be an array");
  if (onAttempt && typeof onAttempt !== "function") throw new TypeError("onAttempt must be a function");
  if (retry && typeof retry !== "object") throw new TypeError("retry must be false or an object");
  const { mayAuthorize, sender } = options.transport ? overTransport(options) : overHttp(options, runtime);
  const ms = timeoutMs === false ? undefined : checkTimeout(timeoutMs);
  const policy = createRetryPolicy(retry && nullPrototype(retry));
  const tokens = token === undefined ? undefined : createTokens(token);
  const plan = {
    timeoutMs: ms,
    policy,
    throttle: new Throttle(),
    interceptors,
    onAttempt,
    sender,
    active: [],
    isClosed: false,
  };

  function createTokens(token: Token): TokenSource {
    if (!mayAuthorize) {
      const remedy = "use https:, or set allowInsecure if the network in between is yours";
      throw new TypeError(`baseUrl is http: to a host other than this machine, which would show the token: ${remedy}`);
    }
    return createTokenSource(token);
  }

  const close = async () => closeCalls(plan);
  return {
    // Without a token of its own the client leaves the header to its callers, under the same rule.
    transport: { ...createTransport(plan, tokens, !tokens && mayAuthorize), close, [asyncDispose]: close },
    withToken: (token) => createTransport(plan, createTokens(token), false),
  };
}

/** What all calls of a family have in common. */
interface CallPlan extends AttemptPlan {
  /** A call's deadline where it sets none; `undefined` for none. */
  readonly timeoutMs: number | undefined;
  readonly interceptors: readonly Interceptor[];
  /** The calls in flight. */
  readonly active: Call[];
  isClosed: boolean;
}

/** A transport for one user. `mayAuthorize`: callers may set `authorization` themselves. */
function createTransport(plan: CallPlan, tokens: TokenSource | undefined, mayAuthorize: boolean): Transport {
  const { interceptors, sender } = plan;
  return {
    // biome-ignore lint/complexity/useMaxParams: it is Connect's signature.
    unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        if (plan.isClosed) throw new TypeError("the client is closed: create another one");
        checkMethod(method);
        checkSignal(signal);
        const metadata = requestMetadata(header, mayAuthorize);
        const ms = timeoutMs === undefined ? plan.timeoutMs : checkTimeout(timeoutMs);
        const message = isMessage(input, method.input) ? input : create(method.input, input);
        const call = new Call({ timeoutMs: ms, signal, contextValues }, plan.active);
        return call.run(() => {
          if (interceptors.length === 0) return new Attempts(plan, call, tokens, { method, message, metadata }).run();
          call.step = "running its interceptors";
          const url = `${sender.baseUrl}/${method.parent.typeName}/${method.name}`;
          const request = { url, method, message, header: new Headers(metadata) };
          return intercept(interceptors, call, request, (part, message, header) => {
            const metadata = requestMetadata(header, mayAuthorize);
            return new Attempts(plan, part, tokens, { method, message, metadata }).run();
          });
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

// Rounds it up, since servers are told whole milliseconds.
function checkTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= 3_600_000) return Math.ceil(timeoutMs);
  throw new RangeError(`timeoutMs must be 1 to 3600000 milliseconds, got ${String(timeoutMs)}`);
}

// Connect 1 passes a service, and knows its types by other fields.
function checkMethod({ kind }: DescMethod): void {
  if (kind === "rpc") return;
  throw new TypeError("this is a transport of Connect 2, called by a client that is not: use @connectrpc/connect 2");
}

function closeCalls(plan: CallPlan): void {
  plan.isClosed = true;
  for (const call of [...plan.active]) call.stop(failure(Code.Canceled, "the client was closed", {}));
  plan.sender.close();
}

/** What sends, and whether a token may go that way. */
interface AuthorizedSender {
  readonly mayAuthorize: boolean;
  readonly sender: Sender;
}

function overTransport({ transport, ...others }: GivenTransportOptions): AuthorizedSender {
  for (const name of ["baseUrl", "protocol", "fetch", "http2", "maxResponseBytes", "allowInsecure"] as const) {
    if (others[name] === undefined) continue;
    throw new TypeError(
      `transport and ${name} exclude each other: set up where the transport is made what it sends by`,
    );
  }
  if (typeof transport.unary !== "function") {
    throw new TypeError("transport must be a Connect transport, such as createGrpcTransport({ baseUrl }) makes");
  }
  return { mayAuthorize: true, sender: transportSender(transport) };
}

function overHttp(options: TransportOptions, runtime: Runtime): AuthorizedSender {
  const { origin, prefix, safeForTokens, isUnderLocalhost, crossOrigin } = parseBaseUrl(options.baseUrl);
  const { protocol = runtime.protocol } = options;
  if (!protocol?.[wire]) throw new TypeError("protocol must be grpc, grpcWeb or rest, as this package exports them");
  const { maxResponseBytes = defaultMaxResponseBytes } = options;
  // Four bytes hold the length of a gRPC message; one buffer holds the answer.
  checkRange("maxResponseBytes", maxResponseBytes, [1, 2 ** 31 - 1], "an integer of ");
  // Asked without a look at it: Node loads its web streams for that, which takes longer than the rest of this.
  const acceptGzip = !crossOrigin && "DecompressionStream" in globalThis;
  const http = runtime.createHttpClient(origin, options, protocol);
  if (protocol[wire].needsTrailers && !http.hasTrailers) {
    throw new TypeError(`${protocol.name} needs HTTP trailers, which fetch does not show: use grpcWeb or rest`);
  }
  return {
    mayAuthorize: safeForTokens || (isUnderLocalhost && http.keepsLocalhost) || options.allowInsecure === true,
    sender: protocolSender(protocol[wire], http, { origin, prefix, crossOrigin, maxResponseBytes, acceptGzip }),
  };
}
