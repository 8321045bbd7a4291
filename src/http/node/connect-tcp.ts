import dns from "node:dns";
import * as net from "node:net";
import { promisify } from "node:util";

// RFC 8305 §5, "Connection Attempt Delay".
const attemptDelayMs = 250;

/**
 * Connects to a host, at whichever of its addresses answers first (RFC 8305). Node's own way gives up an address after
 * 250 ms for the next one, so that a host behind a slow path is never reached; here the next one is tried beside it.
 */
export async function connectTcp(host: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  const addresses = inTurn(await lookup(host));
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
