import type { Answer, Exchange } from "./exchange.js";
import { type Fault, faultKinds } from "./faults.js";

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

/** What the faults on the way to ZITADEL do to a call that arrives there. */
export interface Effects {
  /** Instead of the server's own lag. */
  readonly lagMs?: number;
  /** Strikes later: in ZITADEL, or on the way back. */
  readonly last?: Fault;
  /** Its deadline ended on the way: in ZITADEL's authorization, or before. */
  readonly late?: "authorization" | "before";
}

/** Applies the faults that strike a call on its way to ZITADEL. Undefined if it does not arrive. */
export async function applyFaults(
  faults: readonly Fault[],
  exchange: Exchange,
  deadline: number,
): Promise<Effects | undefined> {
  let effects: Effects = {};
  for (const fault of faults) {
    if (fault.kind === "lag") {
      effects = { ...effects, lagMs: fault.ms };
    } else if (fault.kind === "delay") {
      const timeLeft = deadline - performance.now();
      if (!(await exchange.wait(Math.min(fault.ms, timeLeft)))) return undefined;
      if (timeLeft <= fault.ms) return { ...effects, late: fault.during ?? "before" };
    } else if (endsCall(fault, exchange)) {
      return undefined;
    } else {
      effects = { ...effects, last: fault };
    }
  }
  return effects;
}

/** Ends a call of which ZITADEL never hears, if the fault is such a one. */
function endsCall(fault: Fault, exchange: Exchange): boolean {
  switch (fault.kind) {
    case "hang":
      return fault.afterHeaders !== true;
    case "reset":
      if (fault.afterBytes !== undefined) return false;
      exchange.reset(fault.errorCode);
      return true;
    case "disconnect":
      exchange.disconnect();
      return true;
    case "goaway":
      exchange.goaway(fault.errorCode);
      return true;
    case "refused-stream":
      exchange.refuse();
      return true;
    case "html":
      exchange.send(proxyPage(fault.status ?? 502));
      return true;
    case "rate-limit":
      exchange.send(rateLimited(fault.retryAfterSeconds));
      return true;
    default:
      return false;
  }
}

/** Sends an answer through a fault on the way back, if there is one: ZITADEL has done its work. */
export async function sendThrough(fault: Fault | undefined, exchange: Exchange, answer: Answer): Promise<void> {
  if (fault?.kind === "hang") {
    exchange.sendHead(answer);
  } else if (fault?.kind === "reset") {
    exchange.sendHead(answer);
    await exchange.sendPart(answer.body.subarray(0, fault.afterBytes));
    exchange.reset(fault.errorCode);
  } else if (fault?.kind === "truncated") {
    const { "Content-Length": _, ...headers } = answer.headers;
    const body = answer.body.subarray(0, fault.bytes ?? answer.body.length >> 1);
    exchange.send({ status: answer.status, headers, body });
  } else {
    exchange.send(answer);
  }
}

const titles: Record<number, string> = {
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** The page of a proxy that cannot reach ZITADEL. */
function proxyPage(status: number): Answer {
  const title = `${status} ${titles[status] ?? "Error"}`;
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  const body = Buffer.from(page);
  return { status, headers: { "Content-Type": "text/html", "Content-Length": String(body.length) }, body };
}

/** A proxy's answer to too many requests. */
function rateLimited(retryAfterSeconds: number): Answer {
  const answer = proxyPage(429);
  return { ...answer, headers: { ...answer.headers, "Retry-After": String(retryAfterSeconds) } };
}
