import { BlockList, isIP } from "node:net";
import { endpointOf } from "../../http/node/connect-tcp.js";
import { usageError } from "../command-error.js";

/** An HTTP proxy that the environment names. */
export interface HttpProxy {
  /** The variable that names it, such as `HTTPS_PROXY`. */
  readonly variable: string;
  readonly host: string;
  readonly port: number;
  /** What it wants to know who is asking: the value of `proxy-authorization`. */
  readonly authorization?: string;
}

/** The error of a proxy that does not let us through. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";

  constructor(
    readonly problem: string,
    readonly remedy: string,
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
  const spelling = [name, name.toUpperCase()].find((each) => process.env[each] !== undefined);
  return spelling === undefined ? undefined : [spelling, process.env[spelling] ?? ""];
}

function parseProxy(variable: string, value: string): HttpProxy {
  try {
    const url = new URL(value.includes("://") ? value : `http://${value}`);
    if (url.protocol !== "http:") throw new Error("no HTTP proxy");
    const credentials = decodeURIComponent(`${url.username}:${url.password}`);
    const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
    return { variable, ...endpointOf(url), ...(credentials !== ":" && { authorization }) };
  } catch {
    // The value stays unsaid: it may hold a password.
    throw usageError(`${variable} must be the URL of an HTTP proxy, such as http://user:password@proxy.example:3128`);
  }
}

function isExempt(url: URL): boolean {
  const [, list = ""] = variableOf("no_proxy") ?? [];
  const { host, port } = endpointOf(url);
  return list.split(/[\s,]+/).some((entry) => covers(entry, host.replace(/\.$/, ""), port));
}

// As curl and Go read it: a name and all under it, whether or not a dot or a star stands before it, an address or a block
// of them (CIDR), with a port or without; and a star for all.
function covers(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const pattern = /^(?:\*?\.)?\[?(.*?)\]?(?:\/(\d+))?(?::(\d+))?$/;
  const [, name = "", prefix, wanted] = pattern.exec(isIP(entry) ? `[${entry}]` : entry) ?? [];
  if (!name || (wanted && Number(wanted) !== port)) return false;
  const family = isIP(name);
  if (family !== isIP(host)) return false;
  if (family === 0) return `.${host}`.endsWith(`.${name.toLowerCase()}`);
  const [type, bits] = family === 4 ? (["ipv4", 32] as const) : (["ipv6", 128] as const);
  const block = new BlockList();
  block.addSubnet(name, Math.min(Number(prefix ?? bits), bits), type);
  return block.check(host, type);
}

/** Whether a host, as URLs spell it, is this machine; names under localhost are (RFC 6761 §6.3). */
function isThisMachine(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
