import type { Reply } from "./exchange.js";

const titles: Record<number, string> = {
  429: "Too Many Requests",
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
};

/** The page of a proxy that cannot reach ZITADEL. */
export function proxyPage(status: number): Reply {
  const title = `${status} ${titles[status] ?? "Error"}`;
  const page = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  const body = Buffer.from(page);
  return { status, headers: { "Content-Type": "text/html", "Content-Length": String(body.length) }, body };
}

/** A proxy's answer to too many requests. */
export function rateLimited(retryAfterSeconds: number): Reply {
  const reply = proxyPage(429);
  return { ...reply, headers: { ...reply.headers, "Retry-After": String(retryAfterSeconds) } };
}
