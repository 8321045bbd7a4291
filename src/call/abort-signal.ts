import { Code, type ConnectError } from "@connectrpc/connect";
import { failure } from "../failure.js";

/** Throws a TypeError for a `signal` that is none. One of another realm, such as jsdom's, is one. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const { aborted, removeEventListener } = (signal ?? {}) as { aborted?: unknown; removeEventListener?: unknown };
  if (typeof aborted === "boolean" && typeof removeEventListener === "function") return;
  throw new TypeError("signal must be an AbortSignal, such as AbortSignal.timeout(1000) or a controller's `signal`");
}

/** The error of a call whose signal aborted; `who` made the signal. */
export function abortError(signal: AbortSignal, who: string): ConnectError {
  const cause: unknown = signal.reason;
  // What AbortSignal.timeout aborts with: a deadline of whoever made it.
  if ((cause as Error | undefined)?.name === "TimeoutError") {
    return failure(Code.DeadlineExceeded, `${who}'s AbortSignal.timeout passed`, {}, { cause });
  }
  return failure(Code.Canceled, `${who} canceled the call`, {}, { cause });
}

/** Told that a signal aborted. */
export type Aborted = (signal: AbortSignal) => void;

// One listener for all calls on a signal: eleven would make Node warn of a leak.
const links = new WeakMap<AbortSignal, { calls: Set<Aborted>; listener: () => void }>();

/** Has `aborted` called when the signal aborts, until `unlink`. */
export function link(signal: AbortSignal, aborted: Aborted): void {
  let entry = links.get(signal);
  if (!entry) {
    const calls = new Set<Aborted>();
    const listener = () => {
      for (const each of calls) each(signal);
    };
    entry = { calls, listener };
    links.set(signal, entry);
    signal.addEventListener("abort", listener);
  }
  entry.calls.add(aborted);
}

/** Undoes `link`. */
export function unlink(signal: AbortSignal, aborted: Aborted): void {
  const entry = links.get(signal);
  if (!entry?.calls.delete(aborted) || entry.calls.size > 0) return;
  links.delete(signal);
  signal.removeEventListener("abort", entry.listener);
}
