import { Code } from "@connectrpc/connect";
import type { FaultQueue } from "../faults/queue.js";
import type { Exchange } from "../http/exchange.js";
import type { LocalAsset } from "../http/local-http.js";
import type { Release } from "../release.js";
import type { Account } from "./account.js";
import type { Journal } from "./journal.js";
import type { Rpc } from "./rpc.js";
import { zitadelError } from "./zitadel-error.js";

/** What every request of one local ZITADEL shares. */
export interface Instance {
  readonly accounts: readonly Account[];
  readonly journal: Journal;
  readonly faults: FaultQueue;
  readonly lagMs: number;
  readonly release: Release;
  /** Host names under which it may be reached, besides loopback. */
  readonly hosts: readonly string[];
  /** Of two for the same path the first counts. */
  readonly rpcs: readonly Rpc[];
  /** By path. */
  readonly assets: ReadonlyMap<string, LocalAsset>;
}

/** Finds the RPC of a path `/service/method`. */
export function findRpc({ rpcs }: Instance, path: string): Rpc | undefined {
  return rpcs.find((rpc) => path === `/${rpc.service}/${rpc.name}`);
}

/**
 * Throws what ZITADEL answers where it is not known by a name. A page of a foreign site can make its own name resolve
 * to loopback; its name in `Host` gives it away.
 */
export function requireInstance(instance: Instance, exchange: Exchange): void {
  const { release } = instance;
  // As proxies send it.
  const host = exchange.header("x-zitadel-instance-host") || exchange.header("x-forwarded-host") || exchange.host;
  if (!isHostAllowed(instance, host)) {
    const scheme = exchange.isTls ? "https" : "http";
    throw zitadelError(Code.NotFound, release.unknownInstance(host, scheme));
  }
}

export function isHostAllowed({ hosts }: Instance, host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]"].includes(name) || name.endsWith(".localhost") || hosts.includes(name);
}
