import type { Exchange } from "./exchange.js";
import type { LocalRequest } from "./local-http.js";

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
