import { getErrorInfo } from "../../node.js";
import type { Settings } from "../input/settings.js";
import { makeCalls } from "./check-protocol.js";
import { type Finding, finder, ok } from "./finding.js";
import { probe, reasonOf, type Target } from "./target.js";

export const corsVerdicts = {
  "cors-refused": [
    "failed",
    "pages of {origin} may not call it: {why}",
    "ZITADEL allows every origin and header of its own: does a proxy answer OPTIONS, or drop access-control-* from answers?",
  ],
  "cors-origin": [
    "failed",
    "ZITADEL refuses {origin} for the app of this token",
    "add {origin} to the app's additional origins in ZITADEL's console, or use gRPC-Web",
  ],
} as const;

/** The protocols that a page has. */
export type PageProtocol = "grpc-web" | "rest";

const paths = {
  "grpc-web": "/zitadel.auth.v1.AuthService/ListMyRefreshTokens",
  rest: "/auth/v1/users/me/tokens/refresh/_search",
} as const;

// What the library sends from a page; a browser has to ask about those before.
const headerNames = {
  "grpc-web": ["authorization", "content-type", "x-grpc-web", "x-user-agent"],
  rest: ["authorization", "content-type"],
} as const;

/** Does what a browser does for a page of `origin`: asks first, then calls, and looks whether the page may see it. */
export async function checkCors(
  settings: Settings,
  target: Target,
  protocol: PageProtocol,
  origin: string,
): Promise<Finding> {
  const check = `cors-${protocol}`;
  const found = finder(check, corsVerdicts);
  const refusal = await preflightRefusal(settings, target, protocol, origin);
  if (refusal) return found("cors-refused", { origin, why: refusal });
  const fromPage = { ...settings, headers: [...settings.headers, ["origin", origin] as const] };
  const { error, headers } = await makeCalls(fromPage, protocol, target.signal);
  if (getErrorInfo(error).id === "AUTH-DZG21") return found("cors-origin", { origin });
  // Without an answer there is nothing to hide; why is with the protocol.
  const allowed = headers?.get("access-control-allow-origin");
  if (!headers || allowed === origin || allowed === "*") return ok(check, `pages of ${origin} may call it`);
  const why = `the answer allows ${allowed ?? "no origin"}, so that browsers hide it from the page`;
  return found("cors-refused", { origin, why });
}

async function preflightRefusal(
  settings: Settings,
  target: Target,
  protocol: PageProtocol,
  origin: string,
): Promise<string | undefined> {
  const names = [...headerNames[protocol], ...settings.headers.map(([name]) => name.toLowerCase())];
  // As browsers write the list: sorted, no name twice. Servers insist on it.
  const asked = [...new Set(names)].sort();
  try {
    const { status, headers } = await probe(target, "OPTIONS", target.prefix + paths[protocol], {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": asked.join(","),
    });
    const allowed = headers.get("access-control-allow-origin");
    if (status < 200 || status > 299 || (allowed !== origin && allowed !== "*")) {
      return `the preflight is refused (HTTP ${status}, allowed origin: ${allowed ?? "none"})`;
    }
    const list = (headers.get("access-control-allow-headers") ?? "").toLowerCase().split(",");
    const isAllowed = (name: string) => list.some((each) => each.trim() === name);
    // A star stands for all but this one (Fetch standard, CORS protocol).
    const missing = asked.filter((name) => !isAllowed(name) && (name === "authorization" || !isAllowed("*")));
    return missing.length > 0 ? `the preflight does not allow the headers ${missing.join(", ")}` : undefined;
  } catch (error) {
    return `the preflight gets no answer (${reasonOf(error, target)})`;
  }
}
