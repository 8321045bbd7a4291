import { Code, type ConnectError } from "@connectrpc/connect";
import { callersOwn, failure } from "../failure.js";
import { maxTokenLength } from "../limits.js";
import type { Call } from "./call.js";

/** What a token function is told. */
export interface TokenContext {
  /** Whether the server refused the token that the function gave last, so that a cached one will not do. */
  readonly refresh: boolean;
  /**
   * Aborts when the call that asks is over. For a refresh, which all calls share, it aborts only after 30 seconds: a
   * refresh that is given up may have spent the refresh token already.
   */
  readonly signal: AbortSignal;
}

/** An access token, or a function that gets one. */
export type Token = string | ((context: TokenContext) => string | Promise<string>);

type TokenFunction = Exclude<Token, string>;

/** Where a transport's calls get their token from. */
export interface TokenSource {
  /** The token for an attempt. What the token function throws comes out as it is. */
  get(call: Call): string | Promise<string>;
  /** Another token, after the server refused `rejected`, which was got at `gotAt` (`performance.now()`). */
  refresh(rejected: string, gotAt: number): Promise<Refreshed>;
}

/** What a refresh came to: another token, or none and, where there is one, an error of this library's that says why. */
export type Refreshed = { readonly token: string } | { readonly token?: undefined; readonly cause?: Error };

/** Checks the `token` option. Throws a TypeError that never holds the token. */
export function createTokenSource(token: Token): TokenSource {
  if (typeof token === "function") return createFunctionSource(token);
  const mistake = mistakeIn(token);
  if (mistake) throw new TypeError(`token ${mistake}`);
  return { get: () => token, refresh: async () => ({}) };
}

function createFunctionSource(provide: TokenFunction): TokenSource {
  // Most calls get the one that the call before had.
  let lastChecked: string | undefined;

  function checked(token: unknown): string {
    if (token === lastChecked && lastChecked !== undefined) return lastChecked;
    const mistake = mistakeIn(token);
    if (mistake) throw invalidToken(mistake);
    lastChecked = token as string;
    return lastChecked;
  }

  return {
    get(call) {
      const token = ask(provide, new CallContext(call));
      return token instanceof Promise ? token.then(checked) : checked(token);
    },
    refresh: (rejected, gotAt) => sharedRefresh(provide, rejected, gotAt),
  };
}

// Not a literal with a getter, which is slow to make for each call.
class CallContext implements TokenContext {
  readonly refresh = false;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }
}

function ask(provide: TokenFunction, context: TokenContext): unknown {
  try {
    const token: unknown = provide(context);
    if (typeof token === "string") return token;
    return Promise.resolve(token).catch((thrown) => {
      throw callersOwn(thrown, "token-provider");
    });
  } catch (thrown) {
    throw callersOwn(thrown, "token-provider");
  }
}

// For so long after a refresh its outcome is every call's with that token: one that failed would fail again, and whoever
// still has the old token read it too early.
const refreshMemoryMs = 1000;
// A refresh that never settles must not block later calls, which may have no deadline of their own.
const refreshTimeoutMs = 30_000;
// Refreshes of one function that are remembered when they are over.
const maxRefreshes = 16;

interface Refresh {
  readonly outcome: Promise<Refreshed>;
  settledAt?: number;
}

// By function and refused token, for all clients: those made for each request have nothing else in common. Two refreshes
// with one refresh token would sign the user out. Users of one function have different tokens, so they stay apart.
const refreshes = new WeakMap<TokenFunction, Map<string, Refresh>>();

function sharedRefresh(provide: TokenFunction, rejected: string, gotAt: number): Promise<Refreshed> {
  const known = refreshes.get(provide) ?? new Map<string, Refresh>();
  refreshes.set(provide, known);
  const last = known.get(rejected);
  if (last && isCurrent(last, gotAt)) return last.outcome;
  const started = startRefresh(provide, rejected);
  // The newest is the last one of a Map.
  known.delete(rejected);
  known.set(rejected, started);
  for (const [token, { settledAt }] of known) {
    if (known.size <= maxRefreshes) break;
    if (settledAt !== undefined) known.delete(token);
  }
  return started.outcome;
}

// Still under way, or settled since the rejected token was got, or a moment ago.
function isCurrent({ settledAt }: Refresh, gotAt: number): boolean {
  return settledAt === undefined || settledAt >= Math.min(gotAt, performance.now() - refreshMemoryMs);
}

function startRefresh(provide: TokenFunction, rejected: string): Refresh {
  const controller = new AbortController();
  const outcome = new Promise<Refreshed>((resolve, reject) => {
    const timer = setTimeout(() => {
      controller.abort();
      resolve({ cause: new Error(`the token function did not settle within ${refreshTimeoutMs} ms`) });
    }, refreshTimeoutMs);
    // Calls that wait have timers of their own; without any the process may end. In a browser it is a number.
    timer.unref?.();
    askAgain(provide, rejected, controller.signal)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
  const refresh: Refresh = { outcome };
  const settle = () => {
    refresh.settledAt = performance.now();
  };
  outcome.then(settle, settle);
  return refresh;
}

async function askAgain(provide: TokenFunction, rejected: string, signal: AbortSignal): Promise<Refreshed> {
  const token = await ask(provide, { refresh: true, signal });
  const mistake = mistakeIn(token);
  if (mistake) return { cause: invalidToken(mistake) };
  return token === rejected ? {} : { token: token as string };
}

function invalidToken(mistake: string): ConnectError {
  const message = `the token function returned a token that ${mistake}`;
  return failure(Code.Unauthenticated, message, { reason: "token-invalid" });
}

// What people have where a token was to be, and what no header can carry; the first that fits is told.
const mistakes: readonly (readonly [pattern: RegExp, mistake: string])[] = [
  [/^$/, "must not be empty"],
  [/^bearer\s/i, 'must not begin with "Bearer": that is added to it'],
  [/^(?:undefined|null|NaN|true|false|\[object .+\])$/, "is what JavaScript makes of another value"],
  [
    /^(?:\$(?:env:)?\w+|\$[{(].*[)}]|<.*>|%.*%|\{\{.*\}\}|\{\w+\}|__\w{1,40}__|your[-_][\w-]{0,40}token)$/i,
    "is a placeholder: is its variable set?",
  ],
  // As it looks when it is read as UTF-8: in UTF-16 each second byte is 0.
  [/\0/, "is in UTF-16, as PowerShell's > writes it: save it in ASCII"],
  [/^\ufeff/, "begins with a byte order mark: save it in ASCII"],
  [/^\s*[{[]/, "is JSON: keep only the value of its access_token"],
  // `=` ends what is in base64, and is never inside of it.
  [/^\s*(?:export\s+|set\s+|\$env:)?[a-z_]\w*\s*=\s*[^=\s]/i, "is a whole line NAME=VALUE: keep only the value"],
  [/^["'`\u2018-\u201f]|["'`\u2018-\u201f]$/, "has quotes around it: remove them"],
  [/[\r\n]/, "must be one line: trim what was read from a file"],
  // RFC 6750's b64token is narrower, but some issuers are not.
  [/[^\x21-\x7e]/, "must be visible ASCII characters without spaces"],
];

// What is wrong with a token, never with the token in it.
function mistakeIn(token: unknown): string | undefined {
  if (typeof token !== "string") return `must be a string, got ${token === null ? "null" : typeof token}`;
  if (token.length > maxTokenLength) return `must be at most ${maxTokenLength} characters, has ${token.length}`;
  return mistakes.find(([pattern]) => pattern.test(token))?.[1];
}
