import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { noteOf } from "../failure.js";
import type { HttpClient, HttpGuard, HttpRequest } from "../http/http.js";
import type { ResponseRules, Wire } from "../protocol/protocol.js";
import { checkRequest, isDone } from "../zitadel.js";
import type { Call } from "./call.js";
import { LazyResponse } from "./lazy-response.js";
import type { RetryPolicy } from "./next-step.js";
import { redact } from "./redact.js";
import type { TokenSource } from "./token.js";

/** One request of a call. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** How it failed; absent if it worked. */
  readonly code?: Code;
  /** Length of the answer's body as it came, 0 if it was not read to its end. */
  readonly bytes: number;
}

/** What all attempts of a transport have in common. */
export interface AttemptPlan {
  readonly protocol: Wire;
  readonly rules: ResponseRules;
  readonly prefix: string;
  readonly crossOrigin: boolean;
  readonly retry: RetryPolicy | undefined;
  readonly http: HttpClient;
  readonly guard: HttpGuard;
  readonly onAttempt: ((attempt: Attempt) => void) | undefined;
}

/**
 * Makes a call: sends it, and sends it again where that helps. A failed attempt is followed by another
 *
 * - after Unauthenticated, once, with a refreshed token;
 * - if the server says that it did not take it, once, at once;
 * - if the retry policy says so.
 */
export async function runAttempts<I extends DescMessage, O extends DescMessage>(
  plan: AttemptPlan,
  call: Call,
  tokens: TokenSource | undefined,
  method: DescMethodUnary<I, O>,
  message: MessageShape<I>,
  headers: Record<string, string>,
): Promise<UnaryResponse<I, O>> {
  checkRequest(method, message);
  let retries = 0;
  let refreshed: string | undefined;
  let mayRefresh = tokens !== undefined;
  let mayResend = true;
  let maybeApplied = false;
  const spent: string[] = [];
  for (;;) {
    const tokenAt = performance.now();
    let token = refreshed;
    refreshed = undefined;
    if (tokens && token === undefined) {
      call.step = "waiting for the token function";
      const got = tokens.get(call);
      token = typeof got === "string" ? got : await got;
    }
    if (call.stopped) throw call.stopped;
    const request = createRequest(plan, call, method, message, headers, retries);
    if (token !== undefined) request.headers.authorization = `Bearer ${token}`;
    call.attempts += 1;
    call.step = "waiting for the answer";
    const startedAt = performance.now();
    let error: ConnectError;
    let bytes = 0;
    try {
      const answer = await plan.http.send(request, plan.guard, call);
      bytes = answer.body.length;
      const decoded = plan.protocol.response(method, answer, plan.rules);
      const reply = decoded instanceof Promise ? await decoded : decoded;
      plan.retry?.succeeded();
      report(plan, call, startedAt, bytes, undefined);
      return new LazyResponse(method, reply);
    } catch (thrown) {
      if (!(thrown instanceof ConnectError)) throw thrown;
      error = thrown;
    }
    if (token !== undefined) spent.push(token);
    // Those of the attempts before as well: a server may echo what it remembers.
    for (const each of spent) redact(error, each);
    report(plan, call, startedAt, bytes, error.code);
    if (call.stopped) throw error;
    if (maybeApplied && isDone(method, error)) {
      const reply = { message: create(method.output), header: error.metadata, trailer: new Headers() };
      return new LazyResponse(method, reply);
    }
    call.lastError = error;
    if (tokens && token !== undefined && mayRefresh && error.code === Code.Unauthenticated) {
      mayRefresh = false;
      call.step = "waiting for the token function to refresh";
      const outcome = await tokens.replace(token, tokenAt, call);
      if ("token" in outcome) {
        refreshed = outcome.token;
        continue;
      }
      if (outcome.cause !== undefined) error.cause = outcome.cause;
      throw error;
    }
    const repeat = noteOf(error)?.repeat;
    if (repeat === "refused" && mayResend) {
      mayResend = false;
      continue;
    }
    maybeApplied ||= repeat === "maybe-applied";
    const delayMs = plan.retry?.delayMs(method, error, retries);
    // What the server said is worth more than the deadline that a wait would end with.
    if (delayMs === undefined || delayMs >= call.remainingMs) throw error;
    retries += 1;
    call.step = "waiting to try again";
    await sleep(delayMs, call);
  }
}

function report(
  { onAttempt }: AttemptPlan,
  call: Call,
  startedAt: number,
  bytes: number,
  code: Code | undefined,
): void {
  if (!onAttempt) return;
  try {
    const ms = performance.now() - startedAt;
    const told: unknown = onAttempt({ attempt: call.attempts, ms, bytes, ...(code !== undefined && { code }) });
    // Whoever watches a call must not be able to break it, neither now nor later.
    if (told instanceof Promise) told.catch(() => {});
  } catch {
    // As above.
  }
}

function createRequest<I extends DescMessage>(
  { protocol, rules, prefix, crossOrigin }: AttemptPlan,
  call: Call,
  method: DescMethodUnary<I>,
  message: MessageShape<I>,
  headers: Record<string, string>,
  previousAttempts: number,
): HttpRequest {
  const { remainingMs } = call;
  const timeoutMs = remainingMs === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(remainingMs));
  const { acceptGzip } = rules;
  try {
    return protocol.request(method, message, { prefix, headers, timeoutMs, previousAttempts, crossOrigin, acceptGzip });
  } catch (cause) {
    if (cause instanceof TypeError) throw cause;
    throw new TypeError(`${method.input.typeName} cannot be sent: ${(cause as Error).message}`, { cause });
  }
}

// Left pending when the call stops: nobody waits for it then.
function sleep(ms: number, call: Call): Promise<void> {
  return new Promise((resolve) => {
    const end = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      call.offStop(end);
      resolve();
    }, ms);
    call.onStop(end);
  });
}
