import type { Answer, Exchange } from "../http/exchange.js";
import type { Fault } from "./fault.js";

/** What the faults on the way to ZITADEL leave of a call. */
export interface Struck {
  /** Instead of the server's own lag. */
  readonly lagMs?: number;
  /** Strikes later: in ZITADEL, or on the way back. */
  readonly last?: Fault;
  /** Its deadline ended on the way: in ZITADEL's authorization, or before. */
  readonly late?: "authorization" | "before";
}

/** Lets faults strike a call on its way to ZITADEL. Undefined if nothing is left of it. */
export async function strikeRequest(
  faults: readonly Fault[],
  exchange: Exchange,
  deadline: number,
): Promise<Struck | undefined> {
  let struck: Struck = {};
  for (const fault of faults) {
    if (fault.kind === "lag") {
      struck = { ...struck, lagMs: fault.ms };
    } else if (fault.kind === "delay") {
      const left = deadline - performance.now();
      if (!(await exchange.wait(Math.min(fault.ms, left)))) return undefined;
      if (left <= fault.ms) {
        return { ...struck, late: fault.during ?? "before" };
      }
    } else if (isOver(fault, exchange)) {
      return undefined;
    } else {
      struck = { ...struck, last: fault };
    }
  }
  return struck;
}

/** Ends a call of which ZITADEL never hears, if the fault is such a one. */
function isOver(fault: Fault, exchange: Exchange): boolean {
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
export async function sendStruck(fault: Fault | undefined, exchange: Exchange, answer: Answer): Promise<void> {
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
