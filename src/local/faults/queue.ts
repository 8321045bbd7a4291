import { type Fault, faultKinds } from "./fault.js";

/** The faults that wait for a call to strike. */
export class FaultQueue {
  readonly #waiting: { fault: Fault; skip: number; times: number }[] = [];

  /** For a server that answers RPCs of these names. */
  constructor(readonly methods: readonly string[]) {}

  add(fault: Fault): void {
    check(fault, this.methods);
    const { skip = 0, times = 1 } = fault;
    this.#waiting.push({ fault, skip, times });
  }

  /** Takes the faults that strike the next call of this RPC: the first that ends a call, and those before it. */
  take(method: string): Fault[] {
    const struck: Fault[] = [];
    for (const entry of [...this.#waiting]) {
      const { fault } = entry;
      const fits = fault.method === undefined ? mayStrike(fault, method) : fault.method === method;
      if (!fits) continue;
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      if (--entry.times === 0) this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      struck.push(fault);
      if (!faultKinds[fault.kind].goesOn) break;
    }
    return struck;
  }
}

function mayStrike({ kind }: Fault, method: string): boolean {
  return !faultKinds[kind].ofChanges || method.startsWith("Revoke");
}

function check(fault: Fault, methods: readonly string[]): void {
  if (!Object.hasOwn(faultKinds, fault.kind)) {
    const kinds = Object.keys(faultKinds).join(", ");
    throw new TypeError(`unknown fault ${JSON.stringify(fault.kind)}: use one of ${kinds}`);
  }
  if (fault.method !== undefined && !methods.includes(fault.method)) {
    throw new TypeError(`unknown method ${JSON.stringify(fault.method)}: use one of ${methods.join(", ")}`);
  }
  const fields = fault as unknown as Record<string, unknown>;
  const { needs = {}, takes = {} } = faultKinds[fault.kind];
  for (const name of Object.keys(needs)) {
    const value = fields[name];
    if (typeof value !== "number" || !(value >= 0)) {
      throw new RangeError(`a fault of kind ${fault.kind} needs \`${name}\`: a number, 0 or more`);
    }
  }
  for (const [name, value] of Object.entries(takes)) {
    if (value === "COUNT" && fields[name] !== undefined && !isCount(fields[name])) {
      throw new RangeError(`a fault's \`${name}\` is a whole number, 0 or more`);
    }
  }
  if (fault.kind === "html" && fault.status !== undefined && (fault.status < 200 || fault.status > 599)) {
    throw new RangeError("a fault's `status` is one of HTTP's, 200 to 599");
  }
  const { skip = 0, times = 1 } = fault;
  if (!((isCount(times) && times > 0) || times === Number.POSITIVE_INFINITY) || !isCount(skip)) {
    throw new RangeError("a fault's `times` is a whole number, at least 1, or Infinity, and its `skip` at least 0");
  }
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}
