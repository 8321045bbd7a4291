import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { Code, type ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { isOurs, noteOf } from "../failure.js";
import { checkRequest } from "../zitadel.js";
import type { Call } from "./call.js";
import { LazyResponse } from "./lazy-response.js";
import { hasSideEffects, next, type RetryPolicy } from "./next-step.js";
import { redact } from "./redact.js";
import type { Sender } from "./sender.js";
import type { Throttle } from "./throttle.js";
import type { TokenSource } from "./token.js";

/** One request of a call. */
export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** How it failed; absent if it worked. */
  readonly code?: Code;
  /** Length of the answer's body as it came; 0 if it was not read to its end, or went through another `transport`. */
  readonly bytes: number;
}

/** What all attempts of a transport have in common. */
export interface AttemptPlan {
  readonly sender: Sender;
  readonly policy: RetryPolicy | undefined;
  readonly throttle: Throttle;
  readonly onAttempt: ((attempt: Attempt) => void) | undefined;
}

/** Makes a call: sends it, and does after a failed attempt what `next` says. */
export async function runAttempts<I extends DescMessage, O extends DescMessage>(
  plan: AttemptPlan,
  call: Call,
  tokens: TokenSource | undefined,
  method: DescMethodUnary<I, O>,
  message: MessageShape<I>,
  metadata: Record<string, string>,
): Promise<UnaryResponse<I, O>> {
  checkRequest(method, message);
  const { sender, policy, throttle } = plan;
  const { progress } = call;
  const secrets = new Set<string>();
  if (metadata.authorization !== undefined) secrets.add(metadata.authorization.replace(/^\S+ +/, ""));
  let refreshed: string | undefined;
  let mayRefresh = tokens !== undefined;
  let mayResend = true;
  let counted = 0;
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
    const attempt = ++progress.attempts;
    call.step = "waiting for the answer";
    call.bytes = 0;
    const startedAt = performance.now();
    const headers = token === undefined ? metadata : Object.assign({ authorization: `Bearer ${token}` }, metadata);
    // Throws at once what cannot be sent.
    const sent = sender.send(method, message, headers, call);
    let error: ConnectError;
    try {
      const reply = await sent;
      throttle.succeeded(call.retries > 0);
      report(plan, call, attempt, startedAt, undefined);
      return new LazyResponse(method, reply);
    } catch (thrown) {
      if (!isOurs(thrown)) {
        report(plan, call, attempt, startedAt, Code.Unknown);
        throw thrown;
      }
      error = thrown;
    }
    if (token !== undefined) secrets.add(token);
    // What stopped the call is the library's own, around a reason of the caller's. Those of the attempts before as well:
    // a server may quote what it remembers.
    if (error !== call.stopped) redact(error, secrets);
    report(plan, call, attempt, startedAt, error.code);
    const note = noteOf(error) ?? {};
    throttle.failed(note);
    if (call.stopped) throw error;
    note.maybeApplied ||= progress.maybeApplied;
    // What has its quota used up is not done.
    const isLost = note.repeat === "maybe-applied" && error.code !== Code.ResourceExhausted;
    if (isLost && hasSideEffects(method)) progress.maybeApplied = true;
    const step = next(error, {
      method,
      metadata,
      policy,
      remainingMs: call.remainingMs,
      answeredMsAgo: performance.now() - throttle.answeredAt,
      jitter: 0.8 + 0.4 * Math.random(),
      retries: call.retries,
      counted,
      mayRefresh,
      mayResend,
    });
    progress.lastError = error;
    switch (step.do) {
      case "expire":
        throw call.deadlineError(error);
      case "fail":
        throw error;
      case "refresh": {
        mayRefresh = false;
        call.step = "waiting for the token function to refresh, which must not wait for a call of this client itself";
        const outcome = await (tokens as TokenSource).refresh(token as string, tokenAt);
        if (outcome.token === undefined) throw Object.assign(error, outcome);
        refreshed = outcome.token;
        break;
      }
      case "resend":
        mayResend = false;
        break;
      case "wait": {
        if (!throttle.take(note, startedAt)) throw error;
        call.retries += 1;
        if (step.isCounted) counted += 1;
        call.step = "waiting to try again";
        await sleep(step.ms, call);
      }
    }
  }
}

function report(
  { onAttempt }: AttemptPlan,
  { bytes }: Call,
  attempt: number,
  startedAt: number,
  code: Code | undefined,
): void {
  if (!onAttempt) return;
  try {
    const ms = performance.now() - startedAt;
    const told: unknown = onAttempt({ attempt, ms, bytes, ...(code !== undefined && { code }) });
    // Whoever watches a call must not be able to break it, neither now nor later.
    if (told instanceof Promise) told.catch(() => {});
  } catch {
    // As above.
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
