import { create, type DescMethod, isMessage } from "@bufbuild/protobuf";
import { Code, type Interceptor, type Transport } from "@connectrpc/connect";
import { failure } from "../failure.js";
import { checkSignal } from "./abort-signal.js";
import { type AttemptPlan, runAttempts } from "./attempts.js";
import { type ActiveCall, Call, underDeadline } from "./call.js";
import { intercept } from "./intercept.js";
import { requestMetadata } from "./request-metadata.js";
import type { TokenSource } from "./token.js";

/** What all calls of a transport have in common. */
export interface CallPlan extends AttemptPlan {
  /** A call's deadline where it sets none; `undefined` for none. */
  readonly timeoutMs: number | undefined;
  readonly interceptors: readonly Interceptor[];
}

/** The calls of a transport, and those that share its connection. */
export interface Calls {
  /** Connect's `unary` for one user. `mayAuthorize`: callers may set `authorization` themselves. */
  unary(tokens: TokenSource | undefined, mayAuthorize: boolean): Transport["unary"];
  /** Ends the calls under way, and refuses those to come. */
  close(): void;
}

/** Makes what runs calls, each from its caller's arguments to its outcome. */
export function createCalls(plan: CallPlan): Calls {
  const { interceptors, sender } = plan;
  const active: ActiveCall[] = [];
  let closed = false;
  return {
    unary(tokens, mayAuthorize) {
      return (method, signal, timeoutMs, header, input, contextValues) => {
        try {
          if (closed) throw new TypeError("the client is closed: create another one");
          checkMethod(method);
          checkSignal(signal);
          const metadata = requestMetadata(header, mayAuthorize);
          const ms = timeoutMs === undefined ? plan.timeoutMs : checkTimeout(timeoutMs);
          const message = isMessage(input, method.input) ? input : create(method.input, input);
          const call = new Call(ms, contextValues);
          return underDeadline(call, signal, active, () => {
            if (interceptors.length === 0) return runAttempts(plan, call, tokens, method, message, metadata);
            call.step = "running its interceptors";
            const url = `${sender.baseUrl}/${method.parent.typeName}/${method.name}`;
            const request = { url, method, message, header: new Headers(metadata) };
            return intercept(interceptors, call, request, (part, sent, header) =>
              runAttempts(plan, part, tokens, method, sent, requestMetadata(header, mayAuthorize)),
            );
          });
        } catch (mistake) {
          return Promise.reject(mistake);
        }
      };
    },
    close() {
      closed = true;
      for (const { stop } of [...active]) stop(failure(Code.Canceled, "the client was closed", {}));
      sender.close();
    },
  };
}

/** Checks a `timeoutMs` and rounds it up. Throws a RangeError. */
export function checkTimeout(timeoutMs: number): number {
  if (typeof timeoutMs === "number" && timeoutMs > 0 && timeoutMs <= 3_600_000) return Math.ceil(timeoutMs);
  throw new RangeError(`timeoutMs must be 1 to 3600000 milliseconds, got ${String(timeoutMs)}`);
}

/** Throws a TypeError for what is no method: Connect 1 passes a service, and knows its types by other fields. */
export function checkMethod({ kind }: DescMethod): void {
  if (kind === "rpc") return;
  throw new TypeError("this is a transport of Connect 2, called by a client that is not: use @connectrpc/connect 2");
}
