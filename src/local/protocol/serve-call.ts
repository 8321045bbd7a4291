import { ConnectError } from "@connectrpc/connect";
import { sendStruck } from "../faults/apply.js";
import type { Answer, Exchange } from "../http/exchange.js";
import type { Instance } from "../service/instance.js";
import { type Outcome, type RpcCall, runRpc } from "../service/run-rpc.js";

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
    outcome = await runRpc(instance, exchange, call);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    outcome = { error, early: true };
  }
  if (outcome !== undefined) await sendStruck(outcome.fault, exchange, protocol.answer(instance, exchange, outcome));
}
