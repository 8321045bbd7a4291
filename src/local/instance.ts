import type { Account } from "./accounts.js";
import type { FaultQueue } from "./apply-faults.js";
import type { Exchange } from "./exchange.js";
import type { LocalAsset, LocalRequest } from "./public.js";
import type { Release } from "./release.js";
import type { Rpc } from "./rpcs.js";
import type { App } from "./sign-in-apps.js";
import type { SignInStore } from "./sign-in-store.js";

/** What every request of one local ZITADEL shares. */
export interface Instance {
  readonly accounts: readonly Account[];
  readonly faults: FaultQueue;
  readonly lagMs: number;
  readonly release: Release;
  /** Host names under which it may be reached, besides loopback. */
  readonly hosts: readonly string[];
  /** Of two for the same path the first counts. */
  readonly rpcs: readonly Rpc[];
  readonly apps: readonly App[];
  readonly signIns: SignInStore;
  /** Sign-ins wait for nobody. */
  readonly approvesAtOnce: boolean;
  /** By path. */
  readonly assets: ReadonlyMap<string, LocalAsset>;
  readonly log: RequestLog;
}

/** Finds the RPC of a path `/service/method`. */
export function findRpc({ rpcs }: Instance, path: string): Rpc | undefined {
  return rpcs.find((rpc) => path === `/${rpc.service}/${rpc.name}`);
}

export function isHostAllowed({ hosts }: Instance, host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return ["localhost", "127.0.0.1", "[::1]"].includes(name) || name.endsWith(".localhost") || hosts.includes(name);
}

const kept = 1000;

/** Keeps the last requests. */
export class RequestLog {
  readonly requests: LocalRequest[] = [];
  readonly #connections = new WeakMap<object, number>();
  #lastConnection = 0;

  /** Numbers a connection, known by its socket or session. */
  connection(key: object): number {
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    this.#connections.set(key, ++this.#lastConnection);
    return this.#lastConnection;
  }

  add(exchange: Exchange, protocol: LocalRequest["protocol"]): void {
    this.requests.push({
      protocol,
      method: exchange.method,
      path: exchange.target,
      httpVersion: exchange.isHttp2 ? "2" : "1.1",
      headers: redact(exchange.headers()),
      connection: exchange.connection,
    });
    if (this.requests.length > kept) this.requests.shift();
  }
}

function redact(headers: Record<string, string>): Record<string, string> {
  const { authorization, cookie } = headers;
  return {
    ...headers,
    ...(authorization !== undefined && {
      authorization: authorization.startsWith("Bearer ") ? "Bearer [redacted]" : "[redacted]",
    }),
    ...(cookie !== undefined && { cookie: "[redacted]" }),
  };
}
