import type { FaultQueue } from "../faults/queue.js";
import type { Account } from "./account.js";
import type { Journal } from "./journal.js";

/** What every request of one local ZITADEL shares. */
export interface Instance {
  readonly accounts: readonly Account[];
  readonly journal: Journal;
  readonly faults: FaultQueue;
  readonly lagMs: number;
  readonly release: "4.0" | "4.11";
  /** Host names under which it may be reached, besides loopback. */
  readonly hosts: readonly string[];
}

/** A page of a foreign site can make its own name resolve to loopback; its name in `Host` gives it away. */
export function isHostAllowed(instance: Instance, host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return (
    ["localhost", "127.0.0.1", "[::1]"].includes(name) || name.endsWith(".localhost") || instance.hosts.includes(name)
  );
}
