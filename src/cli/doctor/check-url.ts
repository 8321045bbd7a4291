import { endpointOf } from "../../http/node/connect-tcp.js";
import { createAuthClient } from "../../node.js";
import { proxyFor } from "../connect/proxy.js";
import { explainError } from "../explain-error.js";
import type { Settings } from "../input/settings.js";
import { type Finding, finder, ok } from "./finding.js";
import type { Target } from "./target.js";

export const urlVerdicts = {
  "url-invalid": ["failed", "{mistake}", "correct --url or ZITADEL_URL"],
  "url-path": [
    "warning",
    "{url} has a path of ZITADEL's own",
    "use {origin} unless a proxy serves ZITADEL under that path",
  ],
} as const;

const found = finder("url", urlVerdicts);

// Paths of ZITADEL itself, which people copy from a browser or from documentation.
const ownPaths = /^\/(ui|auth|admin|management|system|oauth|oidc|saml|debug|\.well-known|zitadel\.[\w.]+)(\/|$)/;

/** Takes the URL apart; without a target there is nothing more to examine. */
export function checkUrl(settings: Settings, signal: AbortSignal): { finding: Finding; target?: Target } {
  const { url, allowInsecure, ca, timeoutMs = 5_000 } = settings;
  try {
    void createAuthClient({ baseUrl: url, token: "any", allowInsecure }).close();
  } catch (error) {
    return { finding: found("url-invalid", { mistake: explainError(error, settings).message }) };
  }
  const parsed = new URL(url);
  const { origin, protocol, pathname } = parsed;
  const prefix = pathname.replace(/\/+$/, "");
  const isTls = protocol === "https:";
  const target = { origin, isTls, ...endpointOf(parsed), prefix, proxy: proxyFor(url), ca, timeoutMs, signal };
  if (ownPaths.test(pathname)) return { finding: found("url-path", { url, origin }), target };
  return { finding: ok("url", prefix === "" ? url : `${url}, with the prefix ${prefix} for all calls`), target };
}
