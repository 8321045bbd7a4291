import type { Fault } from "./fault.js";

const methods: readonly (string | undefined)[] = [
  undefined,
  "ListMyRefreshTokens",
  "RevokeMyRefreshToken",
  "RevokeAllMyRefreshTokens",
] satisfies Fault["method"][];

/** What each kind needs besides its name. */
const required: Record<Fault["kind"], readonly string[]> = {
  status: ["code"],
  delay: ["ms"],
  hang: [],
  reset: [],
  disconnect: [],
  goaway: [],
  "refused-stream": [],
  html: [],
  "rate-limit": ["retryAfterSeconds"],
  "expired-once": [],
  truncated: [],
  lag: ["ms"],
};

/** The faults that wait for a call to strike. */
export class FaultQueue {
  readonly #waiting: { fault: Fault; skip: number; times: number }[] = [];

  add(fault: Fault): void {
    check(fault);
    const { skip = 0, times = 1 } = fault;
    this.#waiting.push({ fault, skip, times });
  }

  /** Takes the faults that strike the next call of this RPC: the first that ends a call, and those before it. */
  take(method: string): Fault[] {
    const struck: Fault[] = [];
    for (const entry of [...this.#waiting]) {
      const { fault } = entry;
      const fits = fault.method === undefined ? isFor(fault, method) : fault.method === method;
      if (!fits) {
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

/** A lag is for calls that change something. */
function isFor(fault: Fault, method: string): boolean {
  return fault.kind !== "lag" || method !== "ListMyRefreshTokens";
}

function check(fault: Fault): void {
  const needs: readonly string[] | undefined = required[fault.kind];
  if (needs === undefined) {
    throw new TypeError(`unknown fault ${JSON.stringify(fault.kind)}: use one of ${Object.keys(required).join(", ")}`);
  }
  if (!methods.includes(fault.method)) {
    throw new TypeError(`unknown method ${JSON.stringify(fault.method)}: use one of ${methods.slice(1).join(", ")}`);
  }
  for (const name of needs) {
    const value = (fault as unknown as Record<string, unknown>)[name];
    if (typeof value !== "number" || !(value >= 0)) {
      throw new RangeError(`a fault of kind ${fault.kind} needs \`${name}\`: a number, 0 or more`);
    }
  }
  const { skip = 0, times = 1 } = fault;
  if (!(times >= 1) || !(skip >= 0)) {
    throw new RangeError("a fault's `times` is at least 1 and its `skip` at least 0");
  }
}
