import type { Socket } from "node:net";
import { connectTcp, type Endpoint } from "../../http/node/connect-tcp.js";
import { createFetch } from "../connect/fetch.js";
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

/** Runs one step, and tells it to stop after the target's time, or when the user interrupts it. */
export async function withTimeout<T>(
  { timeoutMs, signal }: Target,
  start: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  const interrupt = () => stop.abort(signal.reason);
  signal.addEventListener("abort", interrupt, { once: true });
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener("abort", () => reject(stop.signal.reason));
  });
  try {
    return await Promise.race([start(stop.signal), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
    stop.abort();
  }
}

/** Opens a connection to what is examined, as calls over HTTP/2 do, or through its proxy; as one step. */
export function connectTo(target: Target): Promise<Socket> {
  const { host, port, proxy } = target;
  return withTimeout(target, (signal) =>
    proxy ? openTunnel(proxy, { host, port, signal }) : connectTcp({ host, port }, signal),
  );
}

/** Sends a request without a token over HTTP/1.1, on a connection of its own. */
export async function probe(
  target: Target,
  method: "GET" | "OPTIONS",
  path: string,
  headers: Record<string, string> = {},
) {
  const startedAt = performance.now();
  return await withTimeout(target, async (signal) => {
    const answer = await createFetch(target.ca)(target.origin + path, { method, headers, signal });
    return {
      status: answer.status,
      headers: answer.headers,
      body: await answer.text(),
      ms: performance.now() - startedAt,
    };
  });
}

/** The system's code of an error, such as ECONNREFUSED; empty if it has none. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}

/** Why a step failed, in a word or a sentence. Throws what the user's interruption made of it. */
export function reasonOf(error: unknown, { signal }: Target): string {
  signal.throwIfAborted();
  const { message, cause } = error as Error;
  return codeOf(error) || codeOf(cause) || message;
}
