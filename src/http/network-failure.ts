import { Code, type ConnectError } from "@connectrpc/connect";
import type { FailureReason } from "../errors.js";
import { failure, type Repeat } from "../failure.js";

/** What a connection that failed comes to. */
export interface NetworkFault {
  readonly reason: FailureReason;
  readonly message: string;
  /** Whether trying again can help, and whether the server may have acted. Default `maybe-applied`. */
  readonly repeat?: Repeat;
  /** At most so many retries. */
  readonly maxRetries?: number;
}

/** Makes the error of a connection that failed. */
export function networkFailure(fault: NetworkFault, cause?: unknown): ConnectError {
  const { reason, message, repeat = "maybe-applied", maxRetries } = fault;
  return failure(Code.Unavailable, message, { reason, repeat, ...(maxRetries && { maxRetries }) }, { cause });
}
