import { speaksTls } from "./check-tls.js";
import { type Finding, finder, ok } from "./finding.js";
import { probe, reasonOf, type Target } from "./target.js";

export const httpVerdicts = {
  "http-failed": [
    "failed",
    "there is no answer in HTTP/1.1 ({why})",
    "is the server overloaded, or the port another service's? Does a firewall refuse the request? gRPC-Web and REST need HTTP/1.1",
  ],
  "http-redirect": [
    "failed",
    "the server redirects {to}, which would carry the token along and is not followed",
    "use the URL that it leads to, if that is the instance's",
  ],
  "http-web-page": [
    "failed",
    "a web page answers (HTTP {status})",
    "does the URL lead to a website, or is there a sign-in page or a firewall in front of ZITADEL?",
  ],
  "not-serving": [
    "failed",
    "ZITADEL is not well, or a proxy does not reach it (HTTP {status})",
    "does ZITADEL run, does it reach its database, and does the proxy know where it is?",
  ],
  "tls-wanted": ["failed", "the port speaks TLS, where the URL says http:", "use {https}"],
} as const;

const found = finder("http", httpVerdicts);

/** Asks ZITADEL for its health over HTTP/1.1, which shows what answers there at all. */
export async function checkHttp(target: Target): Promise<Finding> {
  let answer: Awaited<ReturnType<typeof probe>>;
  const tlsWanted = () => found("tls-wanted", { https: target.origin.replace(/^http:/, "https:") });
  try {
    answer = await probe(target, "GET", `${target.prefix}/debug/healthz`);
  } catch (error) {
    const why = reasonOf(error, target);
    return !target.isTls && (await speaksTls(target)) ? tlsWanted() : found("http-failed", { why });
  }
  const { status, headers, body, ms } = answer;
  if (!target.isTls && status === 400 && (await speaksTls(target))) return tlsWanted();
  if (status >= 300 && status < 400) return found("http-redirect", { to: destination(headers.get("location") ?? "") });
  if (status >= 500) return found("not-serving", { status });
  if (/^text\/html/i.test(headers.get("content-type") ?? "")) return found("http-web-page", { status });
  const isWell = status === 200 && body.trim() === "ok";
  const health = isWell ? "and says that it is well" : `without a health check at /debug/healthz (HTTP ${status})`;
  return ok("http", `answers in HTTP/1.1, ${health}`, ms);
}

function destination(location: string): string {
  // Without path and query, which may be of a sign-in.
  return URL.canParse(location) ? `to ${new URL(location).origin}` : "elsewhere";
}
