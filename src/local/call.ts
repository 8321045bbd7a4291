import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { authorize, invalidToken, unknownOrganisation } from "./accounts.js";
import { applyFaults, type Effects, sendThrough } from "./apply-faults.js";
import type { Answer, Exchange } from "./exchange.js";
import type { Fault } from "./faults.js";
import { type Instance, isHostAllowed } from "./instance.js";
import type { Reply, Rpc } from "./rpcs.js";
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
      /** Failed before ZITADEL's own code saw it: gRPC-Web tells that in headers alone. */
      readonly early: boolean;
    }
);

/** How calls look on HTTP, there and back. */
export interface LocalProtocol {
  /**
   * The call that a request makes, or what HTTP answers to one that makes none. Throws a `ConnectError` for one that
   * fails before ZITADEL's own code sees it.
   */
  read(instance: Instance, exchange: Exchange, path: string): Promise<RpcCall | Answer>;
  /** How the end of a call is told. */
  answer(instance: Instance, exchange: Exchange, outcome: Outcome): Answer;
}

/** Serves one call. */
export async function serveCall(
  protocol: LocalProtocol,
  instance: Instance,
  exchange: Exchange,
  path: string,
): Promise<void> {
  let outcome: Outcome | undefined;
  try {
    const call = await protocol.read(instance, exchange, path);
    if ("status" in call) {
      exchange.send(call);
      return;
    }
    if (performance.now() >= call.deadline) throw deadlineExceeded();
    outcome = await runCall(instance, exchange, call);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    outcome = { error, early: true };
  }
  if (outcome !== undefined) await sendThrough(outcome.fault, exchange, protocol.answer(instance, exchange, outcome));
}

/** Runs a call, through the faults that wait for it. Undefined if there is nobody left to answer. */
async function runCall(instance: Instance, exchange: Exchange, call: RpcCall): Promise<Outcome | undefined> {
  const effects = await applyFaults(instance.faults.take(call.rpc.name), exchange, call.deadline);
  if (effects === undefined) return undefined;
  const { last: fault, late } = effects;
  if (late !== undefined) {
    return { error: late === "authorization" ? unknownOrganisation() : deadlineExceeded(), early: false };
  }
  try {
    return { rpc: call.rpc, reply: await runRpc(instance, exchange, call, effects), fault };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const wrapped = instance.release.wrapsBareStatus && fault?.kind !== "status" ? wrapBareStatus(error) : error;
    return { error: wrapped, early: false, fault };
  }
}

function runRpc(
  instance: Instance,
  exchange: Exchange,
  { rpc, message, deadline, origin }: RpcCall,
  { lagMs = instance.lagMs, last: fault }: Effects,
): Reply | Promise<Reply> {
  if (fault?.kind === "status") {
    const text = fault.message ?? Code[fault.code] ?? "";
    throw zitadelError(fault.code, text, fault.id, fault.trailers);
  }
  requireInstance(instance, exchange);
  if (fault?.kind === "expired-once") throw invalidToken();
  const credentials = {
    authorization: exchange.header("authorization"),
    origin,
    orgId: exchange.header("x-zitadel-orgid"),
    ownOrigin: `${exchange.isTls ? "https" : "http"}://${exchange.host}`,
  };
  const { accounts, release, signIns } = instance;
  const caller = authorize(accounts, release, credentials, (token) => signIns.issued(token));
  if (fault?.kind === "collision") {
    // PostgreSQL's own words, which ZITADEL 2.44 hands on.
    const text = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)';
    throw zitadelError(Code.Unknown, text);
  }
  const timeoutMs = Number.isFinite(deadline) ? Math.max(0, deadline - performance.now()) : undefined;
  return rpc.run(message, { ...caller, lagMs, timeoutMs, exchange });
}

/** What the two grpc libraries say when the time is up. */
function deadlineExceeded(): ConnectError {
  return zitadelError(Code.DeadlineExceeded, "context deadline exceeded");
}

/**
 * Throws what ZITADEL answers where it is not known by a name. A page of a foreign site can make its own name resolve
 * to loopback; its name in `Host` gives it away.
 */
function requireInstance(instance: Instance, exchange: Exchange): void {
  // As proxies send it.
  const host = exchange.header("x-zitadel-instance-host") || exchange.header("x-forwarded-host") || exchange.host;
  if (!isHostAllowed(instance, host)) {
    const scheme = exchange.isTls ? "https" : "http";
    throw zitadelError(Code.NotFound, instance.release.unknownInstance(host, scheme));
  }
}

const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Reads `grpc-timeout`: ms, Infinity without one, undefined if it is malformed. Go takes an empty header for none. */
export function parseTimeout(value: string | undefined): number | undefined {
  if (!value) return Number.POSITIVE_INFINITY;
  const [, digits = "", unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(value) ?? [];
  const ms = unitMs[unit];
  return ms === undefined ? undefined : Number(digits) * ms;
}
