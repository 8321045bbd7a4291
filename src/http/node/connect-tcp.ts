import dns from "node:dns";
import * as net from "node:net";
import { promisify } from "node:util";

// RFC 8305 §5, "Connection Attempt Delay".
const attemptDelayMs = 250;

/** Where a connection leads: a name, or an address without brackets, and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The endpoint of a URL. */
export function endpointOf({ protocol, hostname, port }: URL): Endpoint {
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (protocol === "https:" ? 443 : 80)) };
}

/** The name that TLS asks a host for: none for an address, and no dot at its end (RFC 6066 §3). */
export function serverNameOf(host: string): string | undefined {
  return net.isIP(host) === 0 ? host.replace(/\.$/, "") : undefined;
}

/**
 * Connects to a host, at whichever of its addresses answers first (RFC 8305). Node's own way gives up an address after
 * 250 ms for the next one, so that a host behind a slow path is never reached; here the next one is tried beside it.
 */
export async function connectTcp({ host, port }: Endpoint, signal: AbortSignal): Promise<net.Socket> {
  const addresses = isLocalhost(host) ? ["::1", "127.0.0.1"] : inTurn(await lookup(host));
  // As Node's own lookup says it; one that somebody put in its place may not.
  if (addresses.length === 0) throw Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" });
  return new Promise((resolve, reject) => {
    const sockets = new Set<net.Socket>();
    const errors: NodeJS.ErrnoException[] = [];
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      for (const socket of sockets) socket.destroy();
    };
    const abort = () => {
      finish();
      reject(signal.reason);
    };
    const next = () => {
      clearTimeout(timer);
      const address = addresses.shift();
      if (address === undefined) return;
      const socket = net.connect({ host: address, port, noDelay: true });
      sockets.add(socket);
      const onError = (error: Error) => {
        errors.push(error);
        sockets.delete(socket);
        next();
        if (sockets.size > 0) return;
        finish();
        // A refusal shows that the host is there, and may soon listen.
        reject(errors.find(({ code }) => code === "ECONNREFUSED") ?? errors[0]);
      };
      socket.once("error", onError);
      socket.once("connect", () => {
        socket.off("error", onError);
        sockets.delete(socket);
        finish();
        resolve(socket);
      });
      if (addresses.length > 0) timer = setTimeout(next, attemptDelayMs);
    };
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    next();
  });
}

// Names that are this machine wherever they are asked for (RFC 6761 §6.3): a token may go there in the clear, so no
// resolver is asked, which might know better.
function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost$/i.test(host);
}

function lookup(host: string): Promise<dns.LookupAddress[]> {
  return promisify(dns.lookup)(host, { all: true, hints: dns.ADDRCONFIG });
}

// The families by turns, beginning with the one that the resolver prefers.
function inTurn(found: readonly dns.LookupAddress[]): string[] {
  const [first, second] = [true, false].map((isFirst) =>
    found.filter(({ family }) => (family === found[0]?.family) === isFirst).map(({ address }) => address),
  ) as [string[], string[]];
  return first.flatMap((address, at) => [address, ...second.slice(at, at + 1)]).concat(second.slice(first.length));
}
