import { Code, type ConnectError } from "@connectrpc/connect";
import { type FailureReason, failure, type Repeat } from "../failure.js";

/** What a connection that failed comes to. */
export interface NetworkFault {
  readonly reason: FailureReason;
  readonly message: string;
  /** Default `Unavailable`. */
  readonly code?: Code;
  /** Whether trying again can help, and whether the server may have acted. Default `maybe-applied`. */
  readonly repeat?: Repeat;
  /** At most so many retries. */
  readonly maxRetries?: number;
}

/** Makes the error of a connection that failed. `event` is the same for all that failed with it. */
export function networkFailure(fault: NetworkFault, cause?: unknown, event?: object): ConnectError {
  const { reason, message, code = Code.Unavailable, repeat = "maybe-applied", maxRetries } = fault;
  return failure(code, message, { reason, repeat, maxRetries, event }, { cause });
}
