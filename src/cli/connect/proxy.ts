import { isIP } from "node:net";
import { usageError } from "../command-error.js";
import { isThisMachine } from "../input/url-mistake.js";

/** An HTTP proxy that the environment names. */
export interface HttpProxy {
  /** The variable that names it, such as `HTTPS_PROXY`. */
  readonly variable: string;
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** What it wants to know who is asking: the value of `proxy-authorization`. */
  readonly authorization?: string;
}

/** The error of a proxy that does not let us through. */
export class ProxyError extends Error {
  constructor(
    readonly problem: string,
    readonly remedy: string,
    /** The HTTP status of its answer, if there was one. */
    readonly status?: number,
  ) {
    super(`${problem}: ${remedy}`);
  }
}

/**
 * The proxy for a URL, as curl and others read it from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case.
 * None for this machine. Throws a usage error for one that is no HTTP proxy.
 */
export function proxyFor(target: string): HttpProxy | undefined {
  const url = URL.canParse(target) ? new URL(target) : undefined;
  if (!url || isThisMachine(url.hostname)) return undefined;
  const [variable, value] = variableOf(`${url.protocol.slice(0, -1)}_proxy`) ?? variableOf("all_proxy") ?? [];
  if (!variable || !value || isExempt(url)) return undefined;
  return parseProxy(variable, value);
}

function variableOf(name: string): [name: string, value: string] | undefined {
  for (const spelling of [name, name.toUpperCase()]) {
    const value = process.env[spelling];
    if (value !== undefined) return [spelling, value];
  }
  return undefined;
}

function parseProxy(variable: string, value: string): HttpProxy {
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const credentials = url && decoded(`${url.username}:${url.password}`);
  // The value stays unsaid: it may hold a password.
  if (!url || credentials === undefined || !/^https?:$/.test(url.protocol)) {
    throw usageError(`${variable} must be the URL of an HTTP proxy, such as http://user:password@proxy.example:3128`);
  }
  const isTls = url.protocol === "https:";
  return {
    variable,
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isTls ? 443 : 80)),
    ...(credentials !== ":" && { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

// Names and their subdomains, with a port or without, addresses as they are, and a star for all.
function isExempt({ protocol, hostname, port }: URL): boolean {
  const [, list = ""] = variableOf("no_proxy") ?? [];
  const host = hostname.replace(/^\[|\]$/g, "");
  const ownPort = port || (protocol === "https:" ? "443" : "80");
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const [, name = "", wanted] = /^\[?\*?\.?(.*?)\]?(?::(\d+))?$/.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
    if (!name || (wanted && wanted !== ownPort)) return false;
    return host === name.toLowerCase() || (isIP(host) === 0 && host.endsWith(`.${name.toLowerCase()}`));
  });
}
