import { Code, type ConnectError, type ContextValues } from "@connectrpc/connect";
import { failure, noteProgress } from "../failure.js";
import { LenientTimer } from "../lenient-timer.js";

/** What a call is made with. */
export interface CallSettings {
  /** Its deadline, in milliseconds from now; `undefined` for none. */
  readonly timeoutMs: number | undefined;
  /** Its maker's. */
  readonly signal: AbortSignal | undefined;
  /** What the caller gave to interceptors. */
  readonly contextValues: ContextValues | undefined;
}

/**
 * One call under way: its deadline and the caller's signal in one place, for the steps that it is made of. A request of
 * an interceptor's is a part of the call: it is over with the call at the latest, and none begins after that.
 */
export class Call {
  /** Why the call is over although a step may still be busy. */
  stopped: ConnectError | undefined;
  /** Retries of the policy's so far. */
  retries = 0;
  /** Length of the last answer's body as it came, 0 if it was not read to its end. */
  bytes = 0;
  contextValues: ContextValues | undefined;
  readonly timeoutMs: number | undefined;
  /** The call that this is a part of, or itself: what its parts have in common is noted down there. */
  readonly whole: Call;

  /** Of the whole: requests made so far. */
  attempts = 0;
  /** Of the whole: the last attempt's failure, for the error of a deadline that passes during a later one. */
  lastError: ConnectError | undefined;
  /** Of the whole: whether the server may have carried out a request that failed. */
  maybeApplied = false;

  readonly #signal: AbortSignal | undefined;
  // The calls under way, in which it has a place; none for a part.
  readonly #active: Call[] | undefined;
  #place = 0;
  readonly #endsAt: number;
  #step = "starting";
  #timer: LenientTimer | undefined;
  // Of a part: ends it with the whole.
  #follow: (() => void) | undefined;
  #isOver = false;
  #reject: (reason: unknown) => void = ignore;
  // What ends the step that is under way, and the others if an interceptor makes several requests at a time.
  #end: (() => void) | undefined;
  #otherEnds: Set<() => void> | undefined;
  #controller: AbortController | undefined;

  /** `owner` is the list of calls under way, or the call that this is a part of. */
  constructor({ timeoutMs, signal, contextValues }: CallSettings, owner: Call[] | Call) {
    this.timeoutMs = timeoutMs;
    this.contextValues = contextValues;
    this.#signal = signal;
    if (owner instanceof Call) {
      this.whole = owner;
      this.#endsAt = owner.#endsAt;
    } else {
      this.whole = this;
      this.#active = owner;
      this.#endsAt = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    }
  }

  /** What the call is waiting for, for the message of a deadline. */
  get step(): string {
    return this.whole.#step;
  }

  set step(step: string) {
    this.whole.#step = step;
  }

  /** Milliseconds until the deadline, `Infinity` without one. */
  get remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  /** What is left for the server: whole milliseconds, at least one; `undefined` without a deadline. */
  get serverTimeoutMs(): number | undefined {
    return this.timeoutMs === undefined ? undefined : Math.max(1, Math.ceil(this.remainingMs));
  }

  /** Aborts when the call stops. Made when someone first asks: a controller for every call would be its main cost. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.stopped) this.#controller.abort(this.stopped);
    return this.#controller.signal;
  }

  /** Has `end` called if the call stops before `offStop(end)`. */
  onStop(end: () => void): void {
    if (this.stopped) {
      end();
    } else if (this.#end === undefined) {
      this.#end = end;
    } else {
      this.#otherEnds ??= new Set();
      this.#otherEnds.add(end);
    }
  }

  /** Says that the step that `end` would end is over. */
  offStop(end: () => void): void {
    if (this.#end === end) this.#end = undefined;
    else this.#otherEnds?.delete(end);
  }

  /** Says that the call stopped before its last request was sent. */
  notSent(): void {
    this.whole.attempts -= 1;
  }

  /** Ends the call and every step that is under way. */
  stop(error: ConnectError): void {
    this.stopped = error;
    const ends = [this.#end, ...(this.#otherEnds ?? [])];
    this.#end = undefined;
    this.#otherEnds = undefined;
    for (const end of ends) end?.();
    this.#controller?.abort(error);
    this.#fail(error);
  }

  /** Settles as `work` does, or before it when the call is stopped; what `work` comes to later is dropped. */
  run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const { whole } = this;
    if (whole.#isOver) return Promise.reject(whole.stopped ?? overError());
    if (this.#signal?.aborted) return Promise.reject(this.#abortError(this.#signal));
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      try {
        this.#watch();
        work(this).then(
          (value) => {
            resolve(value);
            this.#settle();
          },
          (error) => this.#fail(error),
        );
      } catch (mistake) {
        this.#fail(mistake);
      }
    });
  }

  /** Tells of a signal of its maker's that aborted. */
  aborted(signal: AbortSignal): void {
    this.stop(this.#abortError(signal));
  }

  /** The error of the call's deadline. */
  deadlineError(cause: ConnectError | undefined): ConnectError {
    const after = cause ? `; the last attempt failed: ${cause.message}` : "";
    const message = `the deadline of ${this.timeoutMs} ms passed while ${this.step}${after}`;
    return failure(Code.DeadlineExceeded, message, {}, { cause });
  }

  #abortError({ reason: cause }: AbortSignal): ConnectError {
    const who = this.whole === this ? "the caller" : "an interceptor";
    // What AbortSignal.timeout aborts with: a deadline of whoever made it.
    if ((cause as Error | undefined)?.name === "TimeoutError") {
      return failure(Code.DeadlineExceeded, `${who}'s AbortSignal.timeout passed`, {}, { cause });
    }
    return failure(Code.Canceled, `${who} canceled the call`, {}, { cause });
  }

  #watch(): void {
    if (this.#active) {
      const expire = () => this.stop(this.deadlineError(this.lastError));
      // A page that was frozen, or a thread that was blocked, may have the answer already: it gets one turn of the loop.
      if (this.timeoutMs !== undefined) this.#timer = new LenientTimer(this.timeoutMs, expire, 0);
      this.#place = this.#active.push(this) - 1;
    } else {
      this.#follow = () => this.stop(this.whole.stopped as ConnectError);
      this.whole.onStop(this.#follow);
    }
    if (this.#signal) listen(this.#signal, this);
  }

  #fail(error: unknown): void {
    noteProgress(error, this.whole);
    this.#reject(error);
    this.#settle();
  }

  // The call has its outcome. What an interceptor left under way ends with it.
  #settle(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // V8 may have moved the call to old space by now, where what it reaches would stay for long: its answer, say.
    this.#reject = ignore;
    this.#timer?.end();
    if (this.#active) this.#leave(this.#active);
    if (this.#follow) this.whole.offStop(this.#follow);
    if (this.#signal) unlisten(this.#signal, this);
    if (this.#end || this.#otherEnds?.size) this.stop(overError());
  }
  // The last call takes the place of this one. A Set would keep alive what was deleted from it until it is itself
  // collected, and cost a third of a call's time that way.
  #leave(active: Call[]): void {
    const last = active.pop() as Call;
    if (last === this) return;
    active[this.#place] = last;
    last.#place = this.#place;
  }
}

function ignore(): void {}

function overError(): ConnectError {
  return failure(Code.Canceled, "the call is over: an interceptor left a request behind, which ends with it", {});
}

/** Throws a TypeError for a `signal` that is none. One of another realm, such as jsdom's, is one. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const { aborted, removeEventListener } = (signal ?? {}) as { aborted?: unknown; removeEventListener?: unknown };
  if (typeof aborted === "boolean" && typeof removeEventListener === "function") return;
  throw new TypeError("signal must be an AbortSignal, such as AbortSignal.timeout(1000) or a controller's `signal`");
}

// One listener for all calls on a signal: eleven would make Node warn of a leak.
const listeners = new WeakMap<AbortSignal, { readonly calls: Set<Call>; readonly listener: () => void }>();

function listen(signal: AbortSignal, call: Call): void {
  let entry = listeners.get(signal);
  if (!entry) {
    const calls = new Set<Call>();
    const listener = () => {
      for (const each of calls) each.aborted(signal);
    };
    signal.addEventListener("abort", listener);
    entry = { calls, listener };
    listeners.set(signal, entry);
  }
  entry.calls.add(call);
}

function unlisten(signal: AbortSignal, call: Call): void {
  const entry = listeners.get(signal);
  if (!entry?.calls.delete(call) || entry.calls.size > 0) return;
  listeners.delete(signal);
  signal.removeEventListener("abort", entry.listener);
}
