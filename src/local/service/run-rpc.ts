import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { strikeRequest } from "../faults/apply.js";
import type { Fault } from "../faults/fault.js";
import type { Exchange } from "../http/exchange.js";
import { authorize, invalidToken, unknownOrganisation } from "./authorize.js";
import { type Instance, requireInstance } from "./instance.js";
import type { Reply, Rpc } from "./rpc.js";
import { wrapBareStatus, zitadelError } from "./zitadel-error.js";

/** A call that has been read. */
export interface RpcCall {
  readonly rpc: Rpc;
  readonly message: Message;
  /** When its `grpc-timeout` ends, on the clock of `performance.now()`; Infinity without one. */
  readonly deadline: number;
  /** Only of REST, which alone looks at it. */
  readonly origin?: string | undefined;
}

/** How a call ended. */
export type Outcome = {
  /** What befalls the answer on its way. */
  readonly fault?: Fault | undefined;
} & (
  | { readonly rpc: Rpc; readonly reply: Reply }
  | {
      readonly error: ConnectError;
      /** Failed before ZITADEL's interceptors ran, which send the response headers. */
      readonly early: boolean;
    }
);

/** Runs a call, through the faults that wait for it. Undefined if there is nobody left to answer. */
export async function runRpc(instance: Instance, exchange: Exchange, call: RpcCall): Promise<Outcome | undefined> {
  if (performance.now() >= call.deadline) {
    return { error: deadlineExceeded(), early: true };
  }
  const faults = instance.faults.take(call.rpc.name);
  const struck = await strikeRequest(faults, exchange, call.deadline);
  if (struck === undefined) return undefined;
  const { lagMs = instance.lagMs, last: fault, late } = struck;
  if (late !== undefined) {
    return { error: late === "authorization" ? unknownOrganisation() : deadlineExceeded(), early: false };
  }
  try {
    const reply = await run(instance, exchange, call, lagMs, fault);
    return { rpc: call.rpc, reply, fault };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const wrapped = instance.release.wrapsBareStatus && fault?.kind !== "status" ? wrapBareStatus(error) : error;
    return { error: wrapped, early: false, fault };
  }
}

function run(
  instance: Instance,
  exchange: Exchange,
  { rpc, message, deadline, origin }: RpcCall,
  lagMs: number,
  fault: Fault | undefined,
): Reply | Promise<Reply> {
  if (fault?.kind === "status") {
    const text = fault.message ?? Code[fault.code] ?? "";
    throw zitadelError(fault.code, text, fault.id, fault.trailers);
  }
  requireInstance(instance, exchange);
  if (fault?.kind === "expired-once") throw invalidToken();
  const { account, agentId } = authorize(instance, {
    authorization: exchange.header("authorization"),
    origin,
    orgId: exchange.header("x-zitadel-orgid"),
    ownOrigin: `${exchange.isTls ? "https" : "http"}://${exchange.host}`,
  });
  if (fault?.kind === "collision") throw collision();
  const timeoutMs = Number.isFinite(deadline) ? Math.max(0, deadline - performance.now()) : undefined;
  return rpc.run(message, { account, agentId, lagMs, timeoutMs, exchange });
}

/** PostgreSQL's own words, which ZITADEL 2.44 hands on. */
function collision(): ConnectError {
  const text = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)';
  return zitadelError(Code.Unknown, text);
}

/** What the two grpc libraries say when the time is up. */
function deadlineExceeded(): ConnectError {
  return zitadelError(Code.DeadlineExceeded, "context deadline exceeded");
}
