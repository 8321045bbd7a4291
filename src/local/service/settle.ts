import { randomBytes } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { sendStruck, strikeRequest } from "../faults/apply.js";
import type { Fault } from "../faults/fault.js";
import type { Exchange, Reply } from "../http/exchange.js";
import { authorize, invalidToken } from "./authorize.js";
import { type Instance, isHostAllowed } from "./instance.js";
import type { Answer, Caller, Rpc, Run } from "./rpc.js";
import { RpcError, wrapBareStatus } from "./rpc-error.js";
import { chooseLanguage } from "./translate.js";

/** How a call ended. */
export type Outcome = {
  /** Of a release that has them. */
  readonly requestId?: string;
} & (
  | { readonly answer: Answer }
  | {
      readonly error: RpcError;
      /** Failed before ZITADEL's interceptors ran, which send the response headers. */
      readonly early: boolean;
      readonly trailers?: Readonly<Record<string, string>>;
    }
);

/** A call whose request has been read. */
export interface Call {
  readonly rpc: Rpc;
  readonly run: Run;
  /** When its `grpc-timeout` ends, on the clock of `performance.now()`; Infinity without one. */
  readonly deadline: number;
  /** Only of REST, which alone looks at it. */
  readonly origin: string | undefined;
  /** Writes the answer as the call's protocol wants it. */
  reply(outcome: Outcome): Reply;
}

/** What the two grpc libraries say when the time is up. */
export function deadlineExceeded(): RpcError {
  return new RpcError(Code.DeadlineExceeded, "context deadline exceeded");
}

/** Runs a call, through the faults that wait for it, and answers it. */
export async function settle(instance: Instance, exchange: Exchange, call: Call): Promise<void> {
  if (performance.now() >= call.deadline) {
    exchange.send(call.reply({ error: deadlineExceeded(), early: true }));
    return;
  }
  let lagMs = instance.lagMs;
  let last: Fault | undefined;
  for (const fault of call.rpc.isPublic ? [] : instance.faults.take(call.rpc.name)) {
    if (fault.kind === "lag") {
      lagMs = fault.ms;
    } else if (fault.kind === "delay") {
      const left = call.deadline - performance.now();
      if (!(await exchange.wait(Math.min(fault.ms, left)))) {
        return;
      }
      if (left <= fault.ms) {
        exchange.send(call.reply({ error: deadlineExceeded(), early: false }));
        return;
      }
    } else if (strikeRequest(fault, exchange)) {
      return;
    } else {
      last = fault;
    }
  }
  const outcome = last?.kind === "status" ? failed(last) : run(instance, exchange, call, lagMs, last);
  const reply = call.reply(instance.release === "4.11" ? { ...outcome, requestId: xid() } : outcome);
  await sendStruck(last, exchange, reply);
}

function failed(fault: Fault & { kind: "status" }): Outcome {
  const error = new RpcError(fault.code, fault.message ?? Code[fault.code] ?? "", fault.id);
  return { error, early: false, trailers: fault.trailers ?? {} };
}

function run(instance: Instance, exchange: Exchange, call: Call, lagMs: number, fault?: Fault): Outcome {
  try {
    if (!isHostAllowed(instance, exchange.host)) {
      throw unknownInstance(exchange);
    }
    if (fault?.kind === "expired-once") {
      throw invalidToken();
    }
    const account = call.rpc.isPublic
      ? undefined
      : authorize(instance.accounts, {
          authorization: exchange.header("authorization"),
          origin: call.origin,
          orgId: exchange.header("x-zitadel-orgid"),
          ownOrigin: `${exchange.isTls ? "https" : "http"}://${exchange.host}`,
        });
    const language = chooseLanguage(account?.language, exchange.header("accept-language"));
    const caller: Caller = { account, language, lagMs };
    return { answer: call.run(caller) };
  } catch (error) {
    if (!(error instanceof RpcError)) {
      throw error;
    }
    return { error: instance.release === "4.11" ? wrapBareStatus(error) : error, early: false };
  }
}

/** 20 characters, as the ids of rs/xid have. */
function xid(): string {
  return Array.from(randomBytes(20), (byte) => (byte & 31).toString(32)).join("");
}

function unknownInstance(exchange: Exchange): RpcError {
  const hint =
    "Instance not found. Make sure you got the domain right. " +
    "Check out https://zitadel.com/docs/apis/introduction#domains";
  const origin = `&{${exchange.host}  ${exchange.isTls ? "https" : "http"}}`;
  const text = `unable to set instance using origin ${origin} (ExternalDomain is localhost): ID=QUERY-1kIjX Message=${hint}`;
  return new RpcError(Code.NotFound, text);
}
