import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { HttpFields, HttpGuard, HttpRequest, HttpResponse } from "../http/http.js";

export { readStatus } from "./failures.js";

/** What a request depends on beside its message. */
export interface RequestContext {
  /** Path of the base URL without a slash at its end; empty for none. */
  readonly prefix: string;
  /** The caller's metadata; names in lower case. */
  readonly headers: Record<string, string>;
  /** Milliseconds left for the call, as a whole number; absent without a deadline. */
  readonly timeoutMs?: number | undefined;
  /** How many retries of the same call came before, as `grpc-previous-rpc-attempts` has it. */
  readonly previousAttempts: number;
  /** Whether a browser sends it to another origin, where ZITADEL allows few headers. */
  readonly crossOrigin: boolean;
  /** Whether compressed answers are asked for. */
  readonly acceptGzip: boolean;
}

/** What an answer is held to. */
export interface ResponseRules {
  /** Bytes that its message may have, decompressed. */
  readonly maxResponseBytes: number;
  /** Whether compressed answers were asked for. */
  readonly acceptGzip: boolean;
}

/** What a protocol makes of an answer. */
export interface Reply<O extends DescMessage> {
  readonly message: MessageShape<O>;
  readonly header: HttpFields;
  readonly trailer: HttpFields;
}

/** The key of what a protocol is made of. Registered, so that the ES module and the CommonJS copy share it. */
export const wire: unique symbol = Symbol.for("zitadel-refresh-tokens.wire");

/** How calls are put on HTTP: `grpc`, `grpcWeb` or `rest`. There are no others. */
export interface Protocol {
  readonly name: "grpc" | "grpc-web" | "rest";
  readonly [wire]: Wire;
}

/** How a unary call is put on HTTP, as functions without I/O or clock. */
export interface Wire {
  /** Whether its status travels in HTTP trailers, which `fetch` does not show. */
  readonly needsTrailers: boolean;
  /** The request for a message. A TypeError if the message cannot be sent. */
  request<I extends DescMessage>(
    method: DescMethodUnary<I>,
    message: MessageShape<I>,
    context: RequestContext,
  ): HttpRequest;
  /** What stops an answer that nothing in its rest can change: it throws the `ConnectError` that it comes to. */
  guard(rules: ResponseRules): HttpGuard;
  /** The message of an answer, or its error thrown. Asynchronous only if something has to be decompressed. */
  response<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    answer: HttpResponse,
    rules: ResponseRules,
  ): Reply<O> | Promise<Reply<O>>;
}
