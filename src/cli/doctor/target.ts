import type { Socket } from "node:net";
import { connectTcp, type Endpoint } from "../../http/node/connect-tcp.js";
import type { HttpProxy } from "../connect/proxy.js";
import { openTunnel } from "../connect/tunnel.js";

/** What is examined: the URL taken apart, and how. */
export interface Target extends Endpoint {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** Its path without a slash at the end. */
  readonly prefix: string;
  /** The proxy that leads there. */
  readonly proxy: HttpProxy | undefined;
  /** Certificates to trust, PEM. */
  readonly ca: string | undefined;
  /** How long a step may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The error of a step that took too long. */
export class TookTooLong extends Error {}

/**
 * Runs one step: `start` gets callbacks, and returns what stops it. Rejects with `TookTooLong` after the target's time,
 * and when the user interrupts it.
 */
export function withTimeout<T>(
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

/** Opens a connection to what is examined, as calls over HTTP/2 do, or through its proxy; as one step. */
export function connectTo(target: Target): Promise<Socket> {
  const { host, port, proxy } = target;
  return withTimeout<Socket>(target, (resolve, reject) => {
    const stop = new AbortController();
    const { signal } = stop;
    const opening = proxy ? openTunnel(proxy, { host, port, signal }) : connectTcp({ host, port }, signal);
    opening.then(resolve, reject);
    return () => stop.abort();
  });
}

/** The system's code of an error, such as ECONNREFUSED; empty if it has none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}

/** Why a step failed, in a word or a sentence. Throws what the user's interruption made of it. */
export function reasonOf(error: unknown, { signal }: Target): string {
  signal.throwIfAborted();
  return codeOf(error) || (error as Error).message;
}
