/** A base URL, taken apart. */
export interface BaseUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Its path without a slash at the end; empty for none. */
  readonly prefix: string;
  /** Whether a token may travel on it: `https:`, or a host that is this machine. */
  readonly safeForTokens: boolean;
  /** Whether this is a page of another origin. */
  readonly crossOrigin: boolean;
}

/** Checks and takes apart the `baseUrl` option. Throws a TypeError that names the mistake. */
export function parseBaseUrl(baseUrl: string | URL): BaseUrl {
  const page = globalThis.location?.origin;
  if (baseUrl === undefined || baseUrl === null) {
    throw new TypeError('baseUrl is missing: pass the URL of your instance, such as "https://my.zitadel.cloud"');
  }
  // React Native's URL takes no other URL.
  const text = String(baseUrl);
  let url: URL;
  try {
    // Some documents have an empty location.
    url = new URL(text, globalThis.location?.href || undefined);
  } catch {
    // Without the value: it may hold a password.
    throw new TypeError('baseUrl is not an absolute URL: it should look like "https://my.zitadel.cloud"');
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new TypeError(`baseUrl has the scheme "${url.protocol}": it must be https: or http:`);
  }
  if (url.username || url.password) throw new TypeError("baseUrl holds credentials: pass the token as `token` instead");
  // Also where they are empty, which the URL's own fields do not show.
  if (/[?#]/.test(text)) throw new TypeError("baseUrl has a query or a hash: leave it away");
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/+$/, ""),
    safeForTokens: url.protocol === "https:" || isLoopback(url.hostname),
    crossOrigin: page !== undefined && page !== url.origin,
  };
}

// As WHATWG's URL spells hosts. Names under localhost never leave the machine (RFC 6761 §6.3).
function isLoopback(hostname: string): boolean {
  return /^(?:(?:[\w-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
