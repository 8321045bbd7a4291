import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { HttpFields, HttpHead, HttpRequest, HttpResponse } from "../http/http.js";

/** What a request depends on beside its message. */
export interface RequestContext {
  /** Path of the base URL without a slash at its end; empty for none. */
  readonly prefix: string;
  /** The caller's metadata; names in lower case. */
  readonly headers: Record<string, string>;
  /** Milliseconds left for the call, as a whole number; absent without a deadline. */
  readonly timeoutMs?: number | undefined;
  /** How many attempts of the same call came before. */
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

/**
 * How a unary call is put on HTTP, as functions without I/O or clock. Pass one as `protocol`.
 */
export interface Protocol {
  readonly name: "grpc" | "grpc-web" | "rest";
  /** Whether its status travels in HTTP trailers, which `fetch` does not show. */
  readonly needsTrailers: boolean;
  /** Bytes of body that a message of `maxResponseBytes` can take. */
  maxBodyBytes(maxResponseBytes: number): number;
  /** The request for a message. A TypeError if the message cannot be sent. */
  request<I extends DescMessage>(
    method: DescMethodUnary<I>,
    message: MessageShape<I>,
    context: RequestContext,
  ): HttpRequest;
  /** Throws the `ConnectError` that an answer comes to if nothing after its head can change it. */
  checkHead(head: HttpHead, rules: ResponseRules): void;
  /** How many bytes of a body `checkStart` needs; 0 if there is none. */
  readonly startBytes: number;
  /** Throws the `ConnectError` that an answer comes to if nothing after the start of its body can change it. */
  checkStart?(head: HttpHead, start: Uint8Array, rules: ResponseRules): void;
  /** The message of an answer, or its error thrown. Asynchronous only if something has to be decompressed. */
  response<O extends DescMessage>(
    method: DescMethodUnary<DescMessage, O>,
    answer: HttpResponse,
    rules: ResponseRules,
  ): Reply<O> | Promise<Reply<O>>;
}
