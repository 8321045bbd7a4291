import type { FailureNote } from "../failure.js";

// The numbers of the AWS SDK's standard mode. gRFC A6's 10 are fewer than the calls that one lost connection ends.
const capacity = 500;
const retryCost = 5;
// What a call that worked at once gives back. One that worked by a retry gives that back.
const refill = 1;

/** Several failures of one cause, such as a connection that was lost under many calls. */
interface SharedCause {
  readonly at: number;
  readonly isPaid: boolean;
}

/**
 * Bounds how many retries all calls of a transport make, so that clients do not keep down a server that is coming up:
 * there are 100 at first, and successes give them back. A cause that many calls share costs as one.
 */
export class Throttle {
  #tokens = capacity;
  #answeredAt = Number.NEGATIVE_INFINITY;
  readonly #events = new WeakMap<object, boolean>();
  #loss: SharedCause | undefined;
  #outage: SharedCause | undefined;

  /** Tells of an attempt that worked, and whether it was a retry. */
  succeeded(wasRetry: boolean): void {
    this.#tokens = Math.min(capacity, this.#tokens + (wasRetry ? retryCost : refill));
    this.#answeredAt = performance.now();
  }

  /** Tells of an attempt that failed: the server may have answered all the same. */
  failed(note: FailureNote): void {
    if (isAnswer(note)) this.#answeredAt = performance.now();
  }

  /** When an attempt was last answered (`performance.now()`). */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Takes what a retry costs, after a failure of an attempt that began at `startedAt`. `false` if it is too much. */
  take(note: FailureNote, startedAt: number): boolean {
    const { reason, event } = note;
    // An answer, or a refusal, is the server's word to this one call; what has no reason may be one.
    const isWord = reason === undefined || reason === "rst-refused-stream";
    if (isAnswer(note) || (isWord && !event)) return this.#pay();
    if (reason === "connect-refused") {
      // Nothing listens there: that is one cause until something answers again.
      if (!this.#outage || this.#outage.at < this.#answeredAt) this.#outage = this.#cause();
      return this.#outage.isPaid;
    }
    if (event) {
      const isPaid = this.#events.get(event) ?? this.#pay();
      this.#events.set(event, isPaid);
      return isPaid;
    }
    // Over fetch nobody knows the connection: what was under way when another one was lost was lost with it.
    if (!this.#loss || this.#loss.at < startedAt) this.#loss = this.#cause();
    return this.#loss.isPaid;
  }

  #cause(): SharedCause {
    return { at: performance.now(), isPaid: this.#pay() };
  }

  #pay(): boolean {
    if (this.#tokens < retryCost) return false;
    this.#tokens -= retryCost;
    return true;
  }
}

function isAnswer({ httpStatus, fromServer }: FailureNote): boolean {
  return httpStatus !== undefined || fromServer === true;
}
