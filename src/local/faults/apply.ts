import type { Exchange, Reply } from "../http/exchange.js";
import type { Fault } from "./fault.js";

/** Faults on the way to ZITADEL, which never hears of the call. Tells whether there was one. */
export function strikeRequest(fault: Fault, exchange: Exchange): boolean {
  switch (fault.kind) {
    case "hang":
      return fault.afterHeaders !== true;
    case "reset":
      if (fault.afterBytes !== undefined) {
        return false;
      }
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
export async function sendStruck(fault: Fault | undefined, exchange: Exchange, reply: Reply): Promise<void> {
  if (fault?.kind === "hang") {
    exchange.sendHead(reply);
  } else if (fault?.kind === "reset") {
    exchange.sendHead(reply);
    await exchange.sendPart(reply.body.subarray(0, fault.afterBytes));
    exchange.reset(fault.errorCode);
  } else if (fault?.kind === "truncated") {
    const { "Content-Length": _, ...headers } = reply.headers;
    const body = reply.body.subarray(0, fault.bytes ?? reply.body.length >> 1);
    exchange.send({ status: reply.status, headers, body });
  } else {
    exchange.send(reply);
  }
}

const titles: Record<number, string> = {
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** The page of a proxy that cannot reach ZITADEL. */
function proxyPage(status: number): Reply {
  const title = `${status} ${titles[status] ?? "Error"}`;
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  const body = Buffer.from(page);
  return { status, headers: { "Content-Type": "text/html", "Content-Length": String(body.length) }, body };
}

/** A proxy's answer to too many requests. */
function rateLimited(retryAfterSeconds: number): Reply {
  const reply = proxyPage(429);
  return { ...reply, headers: { ...reply.headers, "Retry-After": String(retryAfterSeconds) } };
}
