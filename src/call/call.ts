import { Code, type ConnectError } from "@connectrpc/connect";
import { failure, noteAttempts } from "../failure.js";

/**
 * One call under way: its deadline and the caller's signal in one place, for the steps that it is made of.
 */
export class Call {
  /** Why the call is over although a step may still be busy. */
  stopped: ConnectError | undefined;
  /** Requests made so far. */
  attempts = 0;
  /** What the call is waiting for, for the message of a deadline. */
  step = "starting";
  /** The last attempt's failure, for the error of a deadline that passes during a later one. */
  lastError: ConnectError | undefined;

  // What ends the step that is under way, and the others if an interceptor makes several requests at a time.
  #end: (() => void) | undefined;
  #otherEnds: Set<() => void> | undefined;
  #controller: AbortController | undefined;
  readonly #endsAt: number | undefined;

  constructor(timeoutMs: number | undefined) {
    this.#endsAt = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  }

  /** Milliseconds until the deadline, `Infinity` without one. */
  get remainingMs(): number {
    return this.#endsAt === undefined ? Number.POSITIVE_INFINITY : this.#endsAt - performance.now();
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

  /** Ends the call and every step that is under way. */
  stop(error: ConnectError): void {
    this.stopped = error;
    this.#end?.();
    for (const end of this.#otherEnds ?? []) end();
    this.#controller?.abort(error);
  }
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
export function runCall<T>(
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
  active: ActiveCall[],
  run: (call: Call) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const call = new Call(timeoutMs);
    const finish = () => {
      clearTimeout(timer);
      removeFrom(active, entry);
      if (signal) unlink(signal, stop);
    };
    const fail = (error: unknown) => {
      finish();
      noteAttempts(error, call.attempts);
      reject(error);
    };
    const stop: Stop = (error) => {
      call.stop(error);
      fail(error);
    };
    const timer =
      timeoutMs === undefined ? undefined : setTimeout(() => stop(deadlineError(timeoutMs, call)), timeoutMs);
    const entry = addTo(active, stop);
    if (signal) link(signal, stop);
    run(call).then((value) => {
      finish();
      resolve(value);
    }, fail);
  });
}

function deadlineError(timeoutMs: number, call: Call): ConnectError {
  const after = call.lastError ? `; the attempt before failed: ${call.lastError.message}` : "";
  const message = `the deadline of ${timeoutMs} ms passed while ${call.step}${after}`;
  return failure(Code.DeadlineExceeded, message, {}, { cause: call.lastError });
}

function abortError(signal: AbortSignal): ConnectError {
  const cause: unknown = signal.reason;
  // What AbortSignal.timeout aborts with: the caller's own deadline.
  if ((cause as Error | undefined)?.name === "TimeoutError") {
    return failure(Code.DeadlineExceeded, "the caller's AbortSignal.timeout passed", {}, { cause });
  }
  return failure(Code.Canceled, "the caller canceled the call", {}, { cause });
}

// One listener for all calls on a signal: eleven would make Node warn of a leak.
const links = new WeakMap<AbortSignal, { stops: Set<Stop>; listener: () => void }>();

function link(signal: AbortSignal, stop: Stop): void {
  let entry = links.get(signal);
  if (!entry) {
    const stops = new Set<Stop>();
    const listener = () => {
      for (const each of stops) each(abortError(signal));
    };
    entry = { stops, listener };
    links.set(signal, entry);
    signal.addEventListener("abort", listener);
  }
  entry.stops.add(stop);
}

function unlink(signal: AbortSignal, stop: Stop): void {
  const entry = links.get(signal);
  if (!entry?.stops.delete(stop) || entry.stops.size > 0) return;
  links.delete(signal);
  signal.removeEventListener("abort", entry.listener);
}
