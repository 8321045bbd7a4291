import { certificateWanted, speaksTls } from "./check-tls.js";
import { type Finding, failed, ok, skipped, warning } from "./finding.js";
import { type ProbeAnswer, probe } from "./http-probe.js";
import type { Target } from "./target.js";
import { codeOf, TookTooLong } from "./within.js";

// Tokens are checked with a leeway of seconds, if with any.
const maxSkewMs = 30_000;

/** Asks ZITADEL for its health over HTTP/1.1, which shows what answers there at all, and what its clock says. */
export async function checkHttp(target: Target): Promise<Finding[]> {
  let answer: ProbeAnswer;
  const askedAt = Date.now();
  try {
    answer = await probe(target, "GET", `${target.prefix}/debug/healthz`);
  } catch (error) {
    target.signal.throwIfAborted();
    const wantsTls = !target.isTls && (await speaksTls(target));
    return [wantsTls ? tlsWanted(target) : probeFailure(error, target)];
  }
  const { status, headers, body } = answer;
  const isPage = /^text\/html/i.test(headers["content-type"] ?? "");
  if (!target.isTls && status === 400 && (await speaksTls(target))) return [tlsWanted(target)];
  // nginx's words, with 400.
  if (target.isTls && status >= 400 && /SSL certificate/i.test(body)) return [certificateWanted("http")];
  if (status >= 300 && status < 400) return [redirected(headers.location, target)];
  if (isPage && (status === 502 || status === 503 || status === 504)) {
    const remedy = "does ZITADEL run, and does the proxy know where?";
    return [failed("http", "http-gateway", `a proxy answers, but not ZITADEL behind it (HTTP ${status})`, remedy)];
  }
  if (isPage) {
    const remedy = "does the URL lead to a website, or is there a sign-in page or a firewall in front of ZITADEL?";
    return [failed("http", "http-web-page", `a web page answers (HTTP ${status})`, remedy)];
  }
  return [ok("http", "answers in HTTP/1.1", answer.ms), health(answer), clock(headers.date, askedAt)];
}

function tlsWanted({ origin }: Target): Finding {
  const remedy = `use ${origin.replace(/^http:/, "https:")}`;
  return failed("http", "tls-wanted", "the port speaks TLS, where the URL says http:", remedy);
}

function probeFailure(error: unknown, { port }: Target): Finding {
  if (error instanceof TookTooLong) {
    return failed("http", "http-silent", error.message, "is the server overloaded, or the port another service's?");
  }
  const code = codeOf(error);
  // In TLS 1.3 the refusal comes after the handshake.
  if (code.includes("CERTIFICATE_REQUIRED")) return certificateWanted("http");
  if (code.startsWith("HPE_")) {
    const message = `port ${port} does not speak HTTP/1.1 (${code})`;
    return failed("http", "http-not-spoken", message, "is the port another service's? gRPC-Web and REST need HTTP/1.1");
  }
  const message = `the connection is closed without an answer (${code || (error as Error).message})`;
  return failed("http", "http-closed", message, "does a firewall or a proxy refuse the request, or is the port wrong?");
}

function redirected(location: string | undefined, { origin }: Target): Finding {
  let to = "elsewhere";
  try {
    // Without path and query, which may be of a sign-in.
    to = `to ${new URL(location ?? "", origin).origin}`;
  } catch {
    // It leads nowhere.
  }
  const message = `the server redirects ${to}, which would carry the token along and is not followed`;
  return failed("http", "http-redirect", message, "use the URL that it leads to, if that is the instance's");
}

function health({ status, body }: ProbeAnswer): Finding {
  if (status === 200 && body.trim() === "ok") return ok("health", "ZITADEL says that it is well");
  if (status >= 500) {
    const remedy = "look at its log: does it reach its database?";
    return failed("health", "health-failing", `the health check fails (HTTP ${status})`, remedy);
  }
  const remedy = "if calls fail too: is the URL the instance's, without a path?";
  return warning("health", "health-hidden", `there is no health check at /debug/healthz (HTTP ${status})`, remedy);
}

function clock(date: string | undefined, askedAt: number): Finding {
  const time = Date.parse(date ?? "");
  if (Number.isNaN(time)) return skipped("clock", "the server does not tell the time");
  // It was told between question and answer, in whole seconds.
  const now = Date.now();
  const skewMs = time > now ? time - now : Math.min(0, time + 999 - askedAt);
  if (Math.abs(skewMs) <= maxSkewMs) return ok("clock", "the same as the server's");
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const message = `this machine's clock is ${seconds} s ${skewMs > 0 ? "behind" : "ahead of"} the server's`;
  return warning("clock", "clock-skew", message, "set it right: tokens look expired, or not valid yet, by a wrong one");
}
