import type { DescMessage, DescMethod, DescMethodUnary, Message, MessageShape } from "@bufbuild/protobuf";
import type { Account } from "./account.js";

/** For whom an RPC runs, and how. */
export interface Caller {
  readonly account: Account;
  /** The browser that the access token came from; a personal access token came from none. */
  readonly agentId: string | undefined;
  readonly lagMs: number;
  /** Ms until the call's deadline; undefined without one. */
  readonly timeoutMs: number | undefined;
  /** The request that the call came with. */
  readonly exchange: { headers(): Record<string, string>; readonly signal: AbortSignal };
}

/** What an RPC came to. */
export interface Reply {
  readonly message: Message;
  readonly header?: Headers;
  readonly trailer?: Headers;
}

/** A method that the local server answers. */
export interface Rpc {
  /** As in its path over gRPC: `/service/name`. */
  readonly service: string;
  readonly name: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** Its generated descriptor, which says how REST reaches the method. */
  readonly method: DescMethod;
  run(request: Message, caller: Caller): Reply | Promise<Reply>;
}

/** Makes an RPC of a generated method and the function that does its work. */
export function createRpc<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  work: (request: MessageShape<I>, caller: Caller) => MessageShape<O>,
): Rpc {
  return {
    service: method.parent.typeName,
    name: method.name,
    input: method.input,
    output: method.output,
    method,
    run: (request, caller) => ({ message: work(request as MessageShape<I>, caller) }),
  };
}
