import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import type { UnaryResponse } from "@connectrpc/connect";
import { toHeaders } from "../http/fields.js";
import type { Reply } from "../protocol/protocol.js";

/** A reply as Connect wants it. `Headers` cost more than the rest of a call, so they are made when someone looks. */
export class LazyResponse<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly service: DescService;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #reply: Reply<O>;
  #header: Headers | undefined;
  #trailer: Headers | undefined;

  constructor(method: DescMethodUnary<I, O>, reply: Reply<O>) {
    this.service = method.parent;
    this.method = method;
    this.message = reply.message;
    this.#reply = reply;
  }

  get header(): Headers {
    this.#header ??= toHeaders(this.#reply.header);
    return this.#header;
  }

  get trailer(): Headers {
    this.#trailer ??= toHeaders(this.#reply.trailer);
    return this.#trailer;
  }
}
