import type { Target } from "./target.js";

/** The error of a step that took too long. */
export class TookTooLong extends Error {}

/**
 * Runs one step: `start` gets callbacks, and returns what stops it. Rejects with `TookTooLong` after the target's time,
 * and when the user interrupts it.
 */
export function within<T>(
  { timeoutMs, signal }: Target,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = start(settle(resolve), settle(reject));
    const timer = setTimeout(() => settle(reject)(new TookTooLong(`no answer within ${timeoutMs} ms`)), timeoutMs);
    const abort = () => settle(reject)(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    function settle<V>(by: (value: V) => void) {
      return (value: V) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        by(value);
        stop();
      };
    }
  });
}

/** The system's code of an error, such as ECONNREFUSED; empty if it has none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}
