import { endpointOf } from "../../http/node/connect-tcp.js";
import { proxyFor } from "../connect/proxy.js";
import type { Settings } from "../input/settings.js";
import { isCleartext, urlMistake } from "../input/url-mistake.js";
import { type Finding, failed, ok, warning } from "./finding.js";
import type { Target } from "./target.js";

// Paths of ZITADEL itself, which people copy from a browser or from documentation.
const ownPaths = /^\/(ui|auth|admin|management|system|oauth|oidc|saml|debug|\.well-known|zitadel\.[\w.]+)(\/|$)/;

/** Takes the URL apart; without a target there is nothing more to examine. */
export function checkUrl(settings: Settings, signal: AbortSignal): { finding: Finding; target?: Target } {
  const { url, ca, timeoutMs = 5_000 } = settings;
  const mistake = urlMistake(url);
  if (mistake) return { finding: failed("url", "url-invalid", mistake, "correct --url or ZITADEL_URL") };
  if (isCleartext(settings)) {
    const message = "http: to another machine would show the token to all in between";
    const remedy = "use https:, or --allow-insecure if the network in between is yours";
    return { finding: failed("url", "url-cleartext", message, remedy) };
  }
  const { origin, protocol, pathname } = new URL(url);
  const prefix = pathname.replace(/\/+$/, "");
  const target = {
    origin,
    isTls: protocol === "https:",
    ...endpointOf(new URL(url)),
    prefix,
    proxy: proxyFor(url),
    ca,
    timeoutMs,
    signal,
  };
  if (ownPaths.test(pathname)) {
    const remedy = `use ${origin} unless a proxy serves ZITADEL under that path`;
    return { finding: warning("url", "url-path", `${url} has a path of ZITADEL's own`, remedy), target };
  }
  return { finding: ok("url", prefix === "" ? url : `${url}, with the prefix ${prefix} for all calls`), target };
}
