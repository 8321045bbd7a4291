import { Code, type ConnectError, getErrorInfo } from "../../node.js";
import { type Called, explainError, hostRemedy, isRefusedOnTheWay, isUnknownHost } from "../explain-error.js";
import type { ProtocolName, Settings } from "../input/settings.js";
import { type Finding, failed, ok, type Verdict } from "./finding.js";
import { type Calls, gotThrough } from "./make-calls.js";

/** Says how calls over one protocol went; `all` went over it and the others. */
export function explainCalls(calls: Calls, all: readonly Calls[], called: Settings): Finding {
  const { protocol, ms, error } = calls;
  if (ms) {
    const [first, next] = ms.map((each) => `${Math.round(each)} ms`);
    return ok(protocol, `works: ${first} with connecting, then ${next}`, ms[1]);
  }
  if (!error || gotThrough(calls)) {
    return ok(protocol, `reaches ZITADEL, which ${called.token ? "wants another token" : "was asked without a token"}`);
  }
  const { verdict, remedy } = diagnose(protocol, error, all, called);
  return failed(protocol, verdict, explainError(error, called).message, remedy);
}

interface Diagnosis {
  readonly verdict: Verdict;
  readonly remedy: string;
}

function diagnose(protocol: ProtocolName, error: ConnectError, all: readonly Calls[], called: Called): Diagnosis {
  const { reason, httpStatus, id, fromServer } = getErrorInfo(error);
  const others = all.filter((calls) => calls.protocol !== protocol && gotThrough(calls));
  const [other] = others.map((calls) => calls.protocol);
  if (protocol === "grpc" && other && !fromServer && isRefusedOnTheWay(httpStatus)) {
    const remedy = `let it pass application/grpc over HTTP/2 (a firewall, a CDN, a load balancer), or use --protocol ${other}`;
    return { verdict: "grpc-refused", remedy };
  }
  if (reason === "not-h2" || (protocol === "grpc" && other && httpStatus === 404)) {
    const remedy = other
      ? `make the proxy pass HTTP/2 on (nginx: grpc_pass, Traefik: h2c), or use --protocol ${other}`
      : "is it a proxy for HTTP/1.1 only, or another service's port?";
    return { verdict: "http1-only", remedy };
  }
  if (reason === "redirect-refused") return { verdict: "redirect", remedy: "use the URL that it leads to" };
  if (reason === "unexpected-content-type" && error.message.includes("html")) {
    return { verdict: "web-page", remedy: "something in front of ZITADEL answers: sign-in page, firewall or website" };
  }
  if (reason === "missing-trailers" || reason === "empty-response") {
    const remedy = `a proxy drops trailers or cuts answers: ${other ? `use --protocol ${other}` : "try other protocols"}`;
    return { verdict: "no-trailers", remedy };
  }
  if (isUnknownHost(error)) {
    return {
      verdict: "unknown-instance",
      remedy: `${hostRemedy(called, protocol)}; a proxy has to pass the Host header on`,
    };
  }
  if (httpStatus === 404 || error.code === Code.NotFound || error.code === Code.Unimplemented) {
    return {
      verdict: "not-found",
      remedy: "is the URL the instance's, without a path, and does a proxy pass this path?",
    };
  }
  if (error.code === Code.ResourceExhausted) {
    const remedy = id
      ? "ask who runs the instance: it is blocked, or its quota is used up"
      : "wait, and call less often";
    return { verdict: "blocked", remedy };
  }
  if (error.code === Code.DeadlineExceeded || reason === "connect-timeout") {
    return { verdict: "slow", remedy: "is the server overloaded? --timeout gives it more time" };
  }
  if (reason === "connection-lost" || reason === "truncated" || reason?.startsWith("rst-")) {
    return { verdict: "cut-off", remedy: "does a firewall or a proxy cut connections, or did the server stop?" };
  }
  if (error.code === Code.Unavailable) {
    return { verdict: "not-serving", remedy: "does ZITADEL run? Try again in a while" };
  }
  return { verdict: "error", remedy: "report it to who runs the server, with the message" };
}
