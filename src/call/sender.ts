import { create, type DescMessage, type DescMethodUnary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { ConnectError, type Transport, type UnaryResponse } from "@connectrpc/connect";
import { callersOwn, type FailureReason, failure, noteOf, textOf } from "../failure.js";
import type { HttpClient, HttpRequest, HttpResponse } from "../http/http.js";
import { type Reply, type ResponseRules, readStatus, type Wire } from "../protocol/protocol.js";
import { isFromZitadel } from "../zitadel.js";
import type { Call } from "./call.js";

/** How one attempt is made. Fails with a `ConnectError` that has a note, or with what the caller's own code threw. */
export interface Sender<Answer = unknown> {
  /** Where it sends to, for interceptors: origin and path. */
  readonly baseUrl: string;
  /** Sends a message once. Throws at once what cannot be sent. `headers` have names in lower case, and are its own. */
  send<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    message: MessageShape<I>,
    headers: Record<string, string>,
    call: Call,
  ): Promise<Answer>;
  /** What the answer says, or its error thrown. Apart from `send`, since each promise in between costs. */
  read<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    answer: Answer,
    call: Call,
  ): Reply<O> | Promise<Reply<O>>;
  /** Lets go of every connection that it owns. */
  close(): void;
}

/** What a protocol needs beside an HTTP client. */
export interface ProtocolSenderOptions extends ResponseRules {
  readonly origin: string;
  /** Path of the base URL without a slash at its end; empty for none. */
  readonly prefix: string;
  readonly crossOrigin: boolean;
}

/** Sends by a protocol of this package over HTTP. */
export function protocolSender(protocol: Wire, http: HttpClient, options: ProtocolSenderOptions): Sender<HttpResponse> {
  const { origin, prefix, crossOrigin, acceptGzip } = options;
  const guard = protocol.guard(options);

  function requestOf<I extends DescMessage>(
    method: DescMethodUnary<I>,
    message: MessageShape<I>,
    headers: Record<string, string>,
    { serverTimeoutMs: timeoutMs, retries: previousAttempts }: Call,
  ): HttpRequest {
    try {
      const context = { prefix, headers, timeoutMs, previousAttempts, crossOrigin, acceptGzip };
      return protocol.request(method, message, context);
    } catch (cause) {
      if (cause instanceof TypeError) throw cause;
      throw new TypeError(`${method.input.typeName} cannot be sent: ${(cause as Error).message}`, { cause });
    }
  }

  return {
    baseUrl: origin + prefix,
    send: (method, message, headers, call) => http.send(requestOf(method, message, headers, call), guard, call),
    read(method, answer, call) {
      call.bytes = answer.body.length;
      return protocol.response(method, answer, options);
    },
    close: () => http.close(),
  };
}

/** Sends by any Connect transport, which stays its owner's. */
export function transportSender(transport: Transport): Sender<UnaryResponse | undefined> {
  return {
    // A transport does not tell, and an interceptor may parse it.
    baseUrl: "https://transport.invalid",
    send(method, message, headers, call) {
      return new Promise((resolve, reject) => {
        const stop = () => reject(call.stopped);
        call.onStop(stop);
        // A page sends no deadline along: ZITADEL's CORS rules refuse its header from another origin.
        const timeoutMs = globalThis.location === undefined ? call.serverTimeoutMs : undefined;
        // In an async function, so that a transport that throws at once fails like one that rejects.
        (async () => transport.unary(method, call.signal, timeoutMs, headers, message, call.contextValues))()
          .finally(() => call.offStop(stop))
          .then(resolve, (error) => reject(givenTransportFailure(error)));
      });
    },
    read<O extends DescMessage>(_: unknown, response: UnaryResponse | undefined) {
      if (response?.message) return response as UnaryResponse<DescMessage, O>;
      throw new TypeError("the transport returned no response");
    },
    close() {},
  };
}

/** The error of another transport with what can be told of it; what is no error of a call is its owner's. */
function givenTransportFailure(thrown: unknown): unknown {
  // It may be a transport of this package.
  if (noteOf(thrown)) return thrown;
  if (!(thrown instanceof ConnectError)) return callersOwn(thrown);
  const { cause } = thrown;
  // It may have been made by another copy of Connect, or by hand.
  const metadata = new Headers(thrown.metadata);
  const sent = { code: thrown.code, message: thrown.rawMessage, details: thrown.details.flatMap(incomingDetail) };
  const { code, message, details, ...known } = readStatus(sent, { status: 0, headers: metadata }, metadata);
  const note = { ...known, fromServer: isFromZitadel(thrown), reason: lossReason(cause) };
  return failure(code, message, note, { metadata, details, cause });
}

// A copy as servers send it, in which the token is looked for: a transport in memory may hand it on as it was made.
function incomingDetail(detail: ConnectError["details"][number]): ConnectError["details"] {
  try {
    if ("desc" in detail) {
      return [{ type: detail.desc.typeName, value: toBinary(detail.desc, create(detail.desc, detail.value)) }];
    }
    const { type, value, debug } = detail;
    return [{ type: String(type), value: Uint8Array.from(value), debug: JSON.parse(JSON.stringify(debug ?? null)) }];
  } catch {
    return [];
  }
}

// By the system's code, as Node's errors have it.
function lossReason(cause: unknown): FailureReason | undefined {
  const code = textOf(cause, "code");
  if (code === "ECONNREFUSED") return "connect-refused";
  return code === "ECONNRESET" || code === "EPIPE" ? "connection-lost" : undefined;
}
