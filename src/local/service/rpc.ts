import type { DescMessage, DescMethod, DescMethodUnary, Message, MessageShape } from "@bufbuild/protobuf";
import type { Account } from "./account.js";

/** For whom an RPC runs, and how. */
export interface Caller {
  /** Absent where the RPC asks for no token. */
  readonly account: Account | undefined;
  /** The browser that the access token came from; a personal access token came from none. */
  readonly agentId: string | undefined;
  readonly language: string;
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
  /** Its generated descriptor, if there is one: it says how REST reaches the method. */
  readonly method?: DescMethod;
  /** Where REST gets it without a descriptor. */
  readonly restPath?: string;
  /** Needs no token, and no fault strikes it. */
  readonly isPublic: boolean;
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
    isPublic: false,
    run: (request, caller) => ({ message: work(request as MessageShape<I>, caller) }),
  };
}

/** The account of a caller where the RPC asks for a token. */
export function accountOf({ account }: Caller): Account {
  if (account === undefined) throw new Error("an RPC that needs a user was called without one");
  return account;
}
