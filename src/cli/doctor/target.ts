import type { HttpProxy } from "../connect/proxy.js";

/** What is examined: the URL taken apart, and how. */
export interface Target {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly isTls: boolean;
  /** Name or address, without an IPv6 address's brackets. */
  readonly host: string;
  readonly port: number;
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
