import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import { Code, type ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { type FailureNote, isOurs, noteOf } from "../failure.js";
import { toHeaders } from "../http/http.js";
import type { Reply } from "../protocol/protocol.js";
import { checkRequest } from "../zitadel.js";
import type { Call } from "./call.js";
import { type CallState, hasSideEffects, next, type RetryPolicy } from "./next-step.js";
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

/** What a call sends. */
export interface Outgoing<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<I>;
  /** The caller's; names in lower case. */
  readonly metadata: Record<string, string>;
}

/** The requests of a call, one after another: each gets a token and is sent; what `next` says follows a failure. */
export class Attempts<I extends DescMessage, O extends DescMessage> {
  readonly #plan: AttemptPlan;
  readonly #call: Call;
  readonly #tokens: TokenSource | undefined;
  readonly #outgoing: Outgoing<I, O>;
  // Of the attempt under way: its token, when that was asked for, its number, and when it began.
  #token: string | undefined;
  #tokenAt = 0;
  #number = 0;
  #startedAt = 0;
  // For the next attempt alone.
  #refreshed: string | undefined;
  #mayRefresh: boolean;
  #mayResend = true;
  #counted = 0;
  // What attempts have sent that failed.
  #secrets: Set<string> | undefined;

  constructor(plan: AttemptPlan, call: Call, tokens: TokenSource | undefined, outgoing: Outgoing<I, O>) {
    checkRequest(outgoing.method, outgoing.message);
    this.#plan = plan;
    this.#call = call;
    this.#tokens = tokens;
    this.#outgoing = outgoing;
    this.#mayRefresh = tokens !== undefined;
  }

  /** Makes them. Rejects with the error of the last one. */
  async run(): Promise<UnaryResponse<I, O>> {
    const { sender, throttle } = this.#plan;
    const { method } = this.#outgoing;
    for (;;) {
      const token = this.#nextToken();
      this.#token = typeof token === "object" ? await token : token;
      if (this.#call.stopped) throw this.#call.stopped;
      // Throws at once what cannot be sent.
      const sent = this.#send();
      try {
        const read = sender.read(method, await sent, this.#call);
        const reply = read instanceof Promise ? await read : read;
        throttle.succeeded(this.#call.retries > 0);
        this.#report(undefined);
        return new LazyResponse(method, reply);
      } catch (thrown) {
        await this.#recover(this.#failed(thrown));
      }
    }
  }

  #nextToken(): string | undefined | Promise<string> {
    this.#tokenAt = performance.now();
    const refreshed = this.#refreshed;
    this.#refreshed = undefined;
    if (!this.#tokens || refreshed !== undefined) return refreshed;
    this.#call.step = "waiting for the token function";
    return this.#tokens.get(this.#call);
  }

  #send(): Promise<unknown> {
    const call = this.#call;
    const { method, message, metadata } = this.#outgoing;
    this.#number = ++call.whole.attempts;
    this.#startedAt = performance.now();
    call.step = "waiting for the answer";
    call.bytes = 0;
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    return this.#plan.sender.send(method, message, Object.assign(authorization, metadata), call);
  }

  /** Takes note of a failed attempt. Throws what nothing follows: the caller's own errors, and why the call stopped. */
  #failed(thrown: unknown): ConnectError {
    const call = this.#call;
    const { whole } = call;
    this.#report(isOurs(thrown) ? thrown.code : Code.Unknown);
    if (thrown === call.stopped || !isOurs(thrown)) throw thrown;
    this.#redact(thrown);
    const note = noteOf(thrown) as FailureNote;
    this.#plan.throttle.failed(note);
    if (call.stopped) throw thrown;
    note.maybeApplied ||= whole.maybeApplied;
    // What has its quota used up is not done.
    const isLost = note.repeat === "maybe-applied" && thrown.code !== Code.ResourceExhausted;
    if (isLost && hasSideEffects(this.#outgoing.method)) whole.maybeApplied = true;
    return thrown;
  }

  // Of the attempts before as well: a server may quote what it remembers.
  #redact(error: ConnectError): void {
    this.#secrets ??= new Set();
    this.#secrets.add(this.#token ?? this.#outgoing.metadata.authorization?.replace(/^\S+ +/, "") ?? "");
    redact(error, this.#secrets);
  }

  /** Does what follows a failure, for the next attempt. Throws the call's error if there is none. */
  async #recover(error: ConnectError): Promise<void> {
    const call = this.#call;
    const step = next(error, this.#state());
    call.whole.lastError = error;
    switch (step.do) {
      case "expire":
        throw call.deadlineError(error);
      case "fail":
        throw error;
      case "refresh":
        await this.#refresh(error);
        break;
      case "resend":
        this.#mayResend = false;
        break;
      case "wait":
        if (!this.#plan.throttle.take(noteOf(error) as FailureNote, this.#startedAt)) throw error;
        call.retries += 1;
        if (step.isCounted) this.#counted += 1;
        call.step = "waiting to try again";
        await sleep(step.ms, call);
    }
  }

  #state(): CallState {
    const { policy, throttle } = this.#plan;
    return {
      method: this.#outgoing.method,
      metadata: this.#outgoing.metadata,
      policy,
      remainingMs: this.#call.remainingMs,
      answeredMsAgo: performance.now() - throttle.answeredAt,
      jitter: 0.8 + 0.4 * Math.random(),
      retries: this.#call.retries,
      counted: this.#counted,
      mayRefresh: this.#mayRefresh,
      mayResend: this.#mayResend,
    };
  }

  async #refresh(error: ConnectError): Promise<void> {
    this.#mayRefresh = false;
    this.#call.step = "waiting for the token function to refresh, which must not wait for a call of this client itself";
    const outcome = await (this.#tokens as TokenSource).refresh(this.#token as string, this.#tokenAt);
    if (outcome.token === undefined) throw Object.assign(error, outcome);
    this.#refreshed = outcome.token;
  }

  #report(code: Code | undefined): void {
    const { onAttempt } = this.#plan;
    if (!onAttempt) return;
    try {
      const [attempt, ms, { bytes }] = [this.#number, performance.now() - this.#startedAt, this.#call];
      const told: unknown = onAttempt({ attempt, ms, bytes, ...(code !== undefined && { code }) });
      // Whoever watches a call must not be able to break it, neither now nor later.
      if (told instanceof Promise) told.catch(() => {});
    } catch {
      // As above.
    }
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

/** A reply as Connect wants it. `Headers` cost more than the rest of a call, so they are made when someone looks. */
class LazyResponse<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly service: DescService;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #reply: Reply<O>;
  #header: Headers | undefined;
  #trailer: Headers | undefined;

  constructor(method: DescMethodUnary<I, O>, reply: Reply<O>) {
    this.service = method.parent;
    this.method = method;
    this.message = reply.message;
    this.#reply = reply;
  }

  get header(): Headers {
    this.#header ??= toHeaders(this.#reply.header);
    return this.#header;
  }

  get trailer(): Headers {
    this.#trailer ??= toHeaders(this.#reply.trailer);
    return this.#trailer;
  }
}
