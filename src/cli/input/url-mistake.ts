import type { Settings } from "./settings.js";

/** Why calls cannot go to that URL, with the remedy; `undefined` if they can. Without the URL: it may hold a password. */
export function urlMistake(url: string): string | undefined {
  if (!URL.canParse(url)) return "--url is not an absolute URL: it should look like https://my-instance.zitadel.cloud";
  const { protocol, username, password } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") {
    return `--url has the scheme "${protocol}": it must be https: or http:`;
  }
  if (username || password) return "--url holds credentials: pass a token, by ZITADEL_TOKEN or --token-file";
  if (/[?#]/.test(url)) return "--url has a query or a hash: leave it away";
  return undefined;
}

/** Whether a token would be readable on its way there. */
export function isCleartext({ url, allowInsecure }: Pick<Settings, "url" | "allowInsecure">): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isThisMachine(hostname) && !allowInsecure;
}

/** Whether a host, as URLs spell it, is this machine; names under localhost are (RFC 6761 §6.3). */
export function isThisMachine(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
