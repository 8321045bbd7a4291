import { ConnectError, getErrorInfo } from "../../node.js";
import { openClient } from "../connect/open-client.js";
import type { Settings } from "../input/settings.js";
import { type Finding, failed, ok } from "./finding.js";
import { probe } from "./http-probe.js";
import type { Target } from "./target.js";

const paths = {
  "grpc-web": "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
  rest: "/auth/v1/users/me/tokens/refresh/_search",
} as const;

// What the library sends from a page; a browser has to ask about those before.
const headerNames = {
  "grpc-web": ["authorization", "content-type", "x-grpc-web", "x-user-agent"],
  rest: ["authorization", "content-type"],
} as const;

/** Does what a browser does for a page of that origin: asks first, then calls, and looks whether the page may see it. */
export async function checkCors(
  settings: Settings,
  target: Target,
  protocol: keyof typeof paths,
  pageOrigin: string,
): Promise<Finding> {
  const check = `cors-${protocol}`;
  return (
    (await refusedPreflight(settings, target, protocol, pageOrigin)) ??
    (await hiddenAnswer(settings, target, protocol, pageOrigin)) ??
    ok(check, `pages of ${pageOrigin} may call it`)
  );
}

async function refusedPreflight(
  settings: Settings,
  target: Target,
  protocol: keyof typeof paths,
  pageOrigin: string,
): Promise<Finding | undefined> {
  const check = `cors-${protocol}`;
  const names = [...headerNames[protocol], ...settings.headers.map(([name]) => name.toLowerCase())];
  // As browsers write the list: sorted, no name twice. Servers insist on it.
  const asked = [...new Set(names)].sort();
  let allowed: string;
  try {
    const { status, headers } = await probe(target, "OPTIONS", target.prefix + paths[protocol], {
      origin: pageOrigin,
      "access-control-request-method": "POST",
      "access-control-request-headers": asked.join(","),
    });
    const allowedOrigin = headers["access-control-allow-origin"];
    if (status < 200 || status > 299 || (allowedOrigin !== pageOrigin && allowedOrigin !== "*")) {
      const custom = settings.headers.length > 0 ? " or refuse one of the headers" : "";
      const message = `the preflight for ${pageOrigin} is refused (HTTP ${status}, allowed origin: ${allowedOrigin ?? "none"})`;
      const remedy = `ZITADEL allows every origin: does a proxy answer OPTIONS${custom}?`;
      return failed(check, "cors-refused", message, remedy);
    }
    allowed = headers["access-control-allow-headers"]?.toLowerCase() ?? "";
  } catch (error) {
    target.signal.throwIfAborted();
    const message = `the preflight gets no answer: ${(error as Error).message}`;
    return failed(check, "cors-refused", message, "see the checks above");
  }
  const list = allowed.split(",").map((name) => name.trim());
  // A star stands for all but this one (Fetch standard, CORS protocol).
  const missing = asked.filter((name) => !list.includes(name) && (name === "authorization" || !list.includes("*")));
  if (missing.length === 0) return undefined;
  const message = `the preflight does not allow the headers ${missing.join(", ")}`;
  return failed(check, "cors-headers", message, "allow them where the preflight is answered, or do not send them");
}

async function hiddenAnswer(
  settings: Settings,
  { timeoutMs, signal }: Target,
  protocol: keyof typeof paths,
  pageOrigin: string,
): Promise<Finding | undefined> {
  const check = `cors-${protocol}`;
  const headers = [...settings.headers, ["origin", pageOrigin] as const];
  const auth = await openClient({ ...settings, headers, protocol, timeoutMs }, false);
  let answer = new Headers();
  try {
    const onHeader = (header: Headers) => {
      answer = header;
    };
    await auth.listMyRefreshTokens({}, { signal, onHeader });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectError)) throw error;
    if (getErrorInfo(error).id === "AUTH-DZG21") {
      const remedy = `add ${pageOrigin} to the app's additional origins in ZITADEL's console, or use gRPC-Web`;
      return failed(check, "cors-origin", `ZITADEL refuses ${pageOrigin} for the app of this token`, remedy);
    }
    // Without an answer there is nothing to hide; why is with the protocol.
    if (!getErrorInfo(error).fromServer) return undefined;
    answer = error.metadata;
  } finally {
    await auth.close();
  }
  const allowedOrigin = answer.get("access-control-allow-origin");
  if (allowedOrigin === pageOrigin || allowedOrigin === "*") return undefined;
  const message = `the answer allows ${allowedOrigin ?? "no origin"}, so that browsers hide it from the page`;
  return failed(check, "cors-hidden", message, "a proxy drops access-control-allow-origin from answers: pass it on");
}
