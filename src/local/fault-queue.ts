import type { Fault } from "./fault.js";

const kinds: ReadonlySet<Fault["kind"]> = new Set([
  "status",
  "delay",
  "hang",
  "reset",
  "disconnect",
  "goaway",
  "refused-stream",
  "html",
  "rate-limit",
  "expired-once",
  "truncated",
  "lag",
] as const);

/** The faults that wait for a call to strike. */
export class FaultQueue {
  readonly #waiting: { fault: Fault; skip: number; times: number }[] = [];

  add(fault: Fault): void {
    if (!kinds.has(fault.kind)) {
      throw new TypeError(`unknown fault ${JSON.stringify(fault.kind)}: use one of ${[...kinds].join(", ")}`);
    }
    const { skip = 0, times = 1 } = fault;
    if (!(times >= 1) || !(skip >= 0)) {
      throw new RangeError("a fault's `times` is at least 1 and its `skip` at least 0");
    }
    this.#waiting.push({ fault, skip, times });
  }

  /** Takes the faults that strike the next call of this RPC: the first that ends a call, and those before it. */
  take(method: string): Fault[] {
    const struck: Fault[] = [];
    for (const entry of [...this.#waiting]) {
      const { fault } = entry;
      if (fault.method !== undefined && fault.method !== method) {
        continue;
      }
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      if (--entry.times === 0) {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      }
      struck.push(fault);
      if (fault.kind !== "delay" && fault.kind !== "lag") {
        break;
      }
    }
    return struck;
  }
}
