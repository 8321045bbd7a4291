import { Code, type ConnectError } from "@connectrpc/connect";
import type { FailureReason } from "../errors.js";
import { failure } from "../failure.js";
import type { Call } from "./call.js";

/** What a token function is told. */
export interface TokenContext {
  /** Whether the server refused the token that the function gave last, so that a cached one will not do. */
  readonly refresh: boolean;
  /** Aborts when no call waits for the token any more, and when a refresh has taken 30 seconds. */
  readonly signal: AbortSignal;
}

/** An access token, or a function that gets one. */
export type Token = string | ((context: TokenContext) => string | Promise<string>);

/** Where a transport's calls get their token from. */
export interface TokenSource {
  /** The token for an attempt. */
  get(call: Call): string | Promise<string>;
  /**
   * Another token, after the server refused `rejected`, which was got at `gotAt` (`performance.now()`). Without
   * one, why there is none: `undefined` if there simply is no other.
   */
  replace(rejected: string, gotAt: number, call: Call): Promise<{ token: string } | { cause: unknown }>;
}

/** Checks the `token` option. Throws a TypeError that never holds the token. */
export function createTokenSource(token: Token): TokenSource {
  if (typeof token === "function") return createRefreshingSource(token);
  const mistake = mistakeIn(token);
  if (mistake) throw new TypeError(`token ${mistake}`);
  return { get: () => token, replace: async () => ({ cause: undefined }) };
}

// A refresh that fails for one call would fail for the next: for so long it is not tried again.
const failureMemoryMs = 1000;
// A refresh that never settles must not block later calls, which may have no deadline of their own.
const refreshTimeoutMs = 30_000;
// Tokens whose refresh is remembered. More than a few at a time means that every call has its own.
const maxRefreshes = 16;

interface Refresh {
  readonly outcome: Promise<{ token: string } | { cause: unknown }>;
  readonly controller: AbortController;
  waiting: number;
  settledAt?: number;
  failed?: boolean;
}

function createRefreshingSource(provide: Exclude<Token, string>): TokenSource {
  const refreshes = new Map<string, Refresh>();

  function ask(context: TokenContext): string | Promise<string> {
    let token: string | Promise<string>;
    try {
      token = provide(context);
    } catch (cause) {
      throw providerFailure(cause);
    }
    if (typeof token === "string") return checked(token);
    return Promise.resolve(token).then(checked, (cause) => {
      throw providerFailure(cause);
    });
  }

  function start(rejected: string): Refresh {
    const controller = new AbortController();
    const outcome = new Promise<{ token: string } | { cause: unknown }>((resolve) => {
      const timer = setTimeout(() => {
        controller.abort();
        resolve({ cause: new Error(`the token function did not settle within ${refreshTimeoutMs} ms`) });
      }, refreshTimeoutMs);
      controller.signal.addEventListener("abort", () => clearTimeout(timer));
      // In an async function, so that a token function that throws at once fails like one that rejects.
      (async () => ask({ refresh: true, signal: controller.signal }))()
        .then((token) => (token === rejected ? { cause: undefined } : { token }))
        .catch((cause: ConnectError) => ({ cause: cause.cause ?? cause }))
        .then(resolve)
        .finally(() => clearTimeout(timer));
    });
    const refresh: Refresh = { outcome, controller, waiting: 0 };
    outcome.then((settled) => {
      refresh.settledAt = performance.now();
      refresh.failed = !("token" in settled);
    });
    refreshes.delete(rejected);
    refreshes.set(rejected, refresh);
    for (const oldest of refreshes.keys()) {
      if (refreshes.size <= maxRefreshes) break;
      refreshes.delete(oldest);
    }
    return refresh;
  }

  // Still under way, or settled since the rejected token was got, or failed a moment ago.
  function isCurrent({ settledAt, failed }: Refresh, gotAt: number): boolean {
    return (
      settledAt === undefined || settledAt >= gotAt || (!!failed && settledAt > performance.now() - failureMemoryMs)
    );
  }

  return {
    get(call) {
      return ask({
        refresh: false,
        get signal() {
          return call.signal;
        },
      });
    },
    async replace(rejected, gotAt, call) {
      const known = refreshes.get(rejected);
      const refresh = known && isCurrent(known, gotAt) ? known : start(rejected);
      refresh.waiting += 1;
      const leave = () => {
        refresh.waiting -= 1;
        if (refresh.waiting > 0 || refresh.settledAt !== undefined) return;
        refreshes.delete(rejected);
        refresh.controller.abort();
      };
      call.onStop(leave);
      const outcome = await refresh.outcome;
      call.offStop(leave);
      return outcome;
    },
  };
}

function checked(token: unknown): string {
  const mistake = mistakeIn(token);
  if (mistake) throw tokenFailure("token-invalid", `the token function returned a token that ${mistake}`);
  return token as string;
}

function providerFailure(cause: unknown): ConnectError {
  return tokenFailure(
    "token-provider",
    "the token function failed, so nothing was sent; its error is the cause",
    cause,
  );
}

function tokenFailure(reason: FailureReason, message: string, cause?: unknown): ConnectError {
  return failure(Code.Unauthenticated, message, { reason }, { cause });
}

// Long enough for any JWT, short enough for any server's header limit.
const maxTokenLength = 16 * 1024;

// What is wrong with a token, never with the token in it.
function mistakeIn(token: unknown): string | undefined {
  if (typeof token !== "string") return `must be a string, got ${token === null ? "null" : typeof token}`;
  if (token === "") return "must not be empty";
  if (/^bearer\s/i.test(token)) return 'must not begin with "Bearer": that is added to it';
  if (token.length > maxTokenLength) return `must be at most ${maxTokenLength} characters, has ${token.length}`;
  if (/[\r\n]/.test(token)) return "must be one line: trim what was read from a file";
  // RFC 6750's b64token is narrower, but some issuers are not.
  if (!/^[\x21-\x7e]+$/.test(token)) return "must be visible ASCII characters without spaces";
  return undefined;
}
