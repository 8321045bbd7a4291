import { Code, type ConnectError, type ContextValues } from "@connectrpc/connect";
import { failure, noteProgress } from "../failure.js";
import { LenientTimer } from "../lenient-timer.js";
import { abortError, link, unlink } from "./abort-signal.js";

/** How far a call has come, over all of its requests. */
interface Progress {
  /** Requests made so far. */
  attempts: number;
  /** What the call is waiting for, for the message of a deadline. */
  step: string;
  /** The last attempt's failure, for the error of a deadline that passes during a later one. */
  lastError: ConnectError | undefined;
  /** Whether the server may have carried out a request that failed. */
  maybeApplied: boolean;
}

/**
 * One call under way: its deadline and the caller's signal in one place, for the steps that it is made of. A request of
 * an interceptor's is a child of the call: it ends with the call at the latest.
 */
export class Call {
  /** Why the call is over although a step may still be busy. */
  stopped: ConnectError | undefined;
  /** Retries of the policy's so far. */
  retries = 0;
  /** Length of the last answer's body as it came, 0 if it was not read to its end. */
  bytes = 0;
  readonly progress: Progress;
  readonly timeoutMs: number | undefined;
  /** What the caller gave to interceptors. */
  contextValues: ContextValues | undefined;

  // What ends the step that is under way, and the others if an interceptor makes several requests at a time.
  #end: (() => void) | undefined;
  #otherEnds: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  #isOver = false;
  readonly #endsAt: number | undefined;

  constructor(timeoutMs: number | undefined, contextValues: ContextValues | undefined, parent?: Call) {
    this.timeoutMs = timeoutMs;
    this.contextValues = contextValues;
    this.progress = parent?.progress ?? { attempts: 0, step: "starting", lastError: undefined, maybeApplied: false };
    this.#endsAt = parent ? parent.#endsAt : timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  }

  get step(): string {
    return this.progress.step;
  }

  set step(step: string) {
    this.progress.step = step;
  }

  /** Milliseconds until the deadline, `Infinity` without one. */
  get remainingMs(): number {
    return this.#endsAt === undefined ? Number.POSITIVE_INFINITY : this.#endsAt - performance.now();
  }

  /** What is left for the server: whole milliseconds, at least one; `undefined` without a deadline. */
  get serverTimeoutMs(): number | undefined {
    return this.#endsAt === undefined ? undefined : Math.max(1, Math.ceil(this.remainingMs));
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
    this.progress.attempts -= 1;
  }

  /** Ends the call and every step that is under way. */
  stop(error: ConnectError): void {
    this.stopped = error;
    const ends = [this.#end, ...(this.#otherEnds ?? [])];
    this.#end = undefined;
    this.#otherEnds = undefined;
    for (const end of ends) end?.();
    this.#controller?.abort(error);
  }

  /** Says that the call has its outcome. What an interceptor left under way ends with it. */
  finish(): void {
    this.#isOver = true;
    if (this.#end || this.#otherEnds?.size) this.stop(overError());
  }

  /** Why no request may be made for the call any more, `undefined` as long as it may. */
  get over(): ConnectError | undefined {
    return this.stopped ?? (this.#isOver ? overError() : undefined);
  }

  /** The error of the call's deadline. */
  deadlineError(cause: ConnectError | undefined): ConnectError {
    const after = cause ? `; the last attempt failed: ${cause.message}` : "";
    const message = `the deadline of ${this.timeoutMs} ms passed while ${this.step}${after}`;
    return failure(Code.DeadlineExceeded, message, {}, { cause });
  }
}

function overError(): ConnectError {
  return failure(Code.Canceled, "the call is over: an interceptor left a request behind, which ends with it", {});
}

/** Ends a call with that error. */
export type Stop = (error: ConnectError) => void;

/** A call that is under way, and its place among them. */
export interface ActiveCall {
  readonly stop: Stop;
  place: number;
}

// An array, in which the last one takes the place of one that is over: a Set would keep alive what was deleted from
// it until it is itself collected, and cost a third of a call's time that way.
function addTo(active: ActiveCall[], stop: Stop): ActiveCall {
  const entry = { stop, place: active.length };
  active.push(entry);
  return entry;
}

function removeFrom(active: ActiveCall[], entry: ActiveCall): void {
  if (active[entry.place] !== entry) return;
  const last = active.pop() as ActiveCall;
  if (last === entry) return;
  active[entry.place] = last;
  last.place = entry.place;
}

/**
 * Runs a call under its deadline and the caller's signal. The returned promise settles when either is over, even
 * if `run` never does; what `run` comes to later is dropped. Until then `active` holds what stops the call.
 */
export function underDeadline<T>(
  call: Call,
  signal: AbortSignal | undefined,
  active: ActiveCall[],
  run: (call: Call) => Promise<T>,
): Promise<T> {
  const { timeoutMs, progress } = call;
  return untilStopped(call, signal, "the caller", run, (stop) => {
    const expire = () => stop(call.deadlineError(progress.lastError));
    // A page that was frozen, or a thread that was blocked, may have the answer already: it gets one turn of the loop.
    const timer = timeoutMs === undefined ? undefined : new LenientTimer(timeoutMs, expire, 0);
    const entry = addTo(active, stop);
    return () => {
      timer?.end();
      removeFrom(active, entry);
      call.finish();
    };
  });
}

/**
 * Runs one request of a call that interceptors make, under the signal that they gave it. It is over with the call, and
 * none begins after that.
 */
export function underCall<T>(
  parent: Call,
  signal: AbortSignal | undefined,
  run: (call: Call) => Promise<T>,
): Promise<T> {
  if (parent.over) return Promise.reject(parent.over);
  const call = new Call(parent.timeoutMs, parent.contextValues, parent);
  return untilStopped(call, signal, "an interceptor", run, (stop) => {
    const ended = () => stop(parent.stopped as ConnectError);
    parent.onStop(ended);
    return () => parent.offStop(ended);
  });
}

/** Settles as `run` does, or before it when the call is stopped. `watch` may stop it until what it returns is called. */
function untilStopped<T>(
  call: Call,
  signal: AbortSignal | undefined,
  who: string,
  run: (call: Call) => Promise<T>,
  watch: (stop: Stop) => () => void,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(abortError(signal, who));
  return new Promise((resolve, reject) => {
    const finish = () => {
      unwatch();
      if (signal) unlink(signal, aborted);
    };
    const fail = (error: unknown) => {
      finish();
      noteProgress(error, call.progress);
      reject(error);
    };
    const stop: Stop = (error) => {
      call.stop(error);
      fail(error);
    };
    const aborted = (by: AbortSignal) => stop(abortError(by, who));
    const unwatch = watch(stop);
    try {
      if (signal) link(signal, aborted);
      run(call).then((value) => {
        finish();
        resolve(value);
      }, fail);
    } catch (mistake) {
      fail(mistake);
    }
  });
}
