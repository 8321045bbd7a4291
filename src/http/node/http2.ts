import { Code } from "@connectrpc/connect";
import { type NetworkFault, networkFailure } from "../../failure.js";
import type { HttpCall, HttpClient, HttpGuard, HttpRequest, HttpResponse } from "../http.js";
import type { Http2Options } from "../http2-options.js";
import { Connection, type ConnectionEnd, type ConnectionOwner, DoubtRation, maxTimerMs } from "./connection.js";
import { exchange } from "./exchange.js";
import { type Http2Settings, http2Settings } from "./settings.js";

const closed: NetworkFault = { reason: "connection-lost", message: "the client was closed", repeat: "never" };
const tooSlow: NetworkFault = { reason: "connection-lost", message: "another connection was quicker" };

/** A call that waits for a connection. */
interface Waiting {
  resolve(connection: Connection): void;
  reject(end: ConnectionEnd): void;
}

/** An HTTP client over `node:http2`: one connection, made when first needed and replaced when it ends. */
export function createHttp2Client(origin: string, options: Http2Options): HttpClient {
  return new Http2Client(new URL(origin), http2Settings(options));
}

class Http2Client implements HttpClient, ConnectionOwner {
  readonly hasTrailers = true;
  readonly keepsLocalhost = true;
  readonly ration = new DoubtRation();
  readonly #origin: URL;
  #settings: Http2Settings;
  // Every connection that has not ended: what new requests use, what is to follow it, and what still has requests.
  readonly #connections = new Set<Connection>();
  #current: Connection | undefined;
  // Those on their way; the first one that is ready is taken.
  readonly #dials = new Set<Connection>();
  #lastDial: Connection | undefined;
  // The last dial, if a call that found it under way waited for it until its deadline.
  #timedOutDial: Connection | undefined;
  // Why there will be no other connection, while the one in use may still answer its PING.
  #failedDial: ConnectionEnd | undefined;
  readonly #waiting = new Set<Waiting>();
  #keepAlive: NodeJS.Timeout | undefined;

  constructor(origin: URL, settings: Http2Settings) {
    this.#origin = origin;
    this.#settings = settings;
  }

  send(request: HttpRequest, guard: HttpGuard, call: HttpCall): Promise<HttpResponse> {
    const current = this.#current;
    if (current?.isUsable) return exchange(current, request, guard, call);
    return this.#connection(call).then((connection) => exchange(connection, request, guard, call));
  }

  close(): void {
    this.#dials.clear();
    this.#current = undefined;
    for (const connection of this.#connections) connection.end(closed);
    this.#reject({ fault: closed, event: {} });
  }

  /** A connection that may be used is there: a new one, or the one in use again. The first sign of life counts. */
  onUsable(connection: Connection): void {
    const last = this.#current;
    this.#current = connection;
    if (last?.isOpen && last !== connection) {
      last.replaced();
      this.ration.decided();
    }
    this.#dials.delete(connection);
    const others = [...this.#dials];
    this.#dials.clear();
    for (const dial of others) dial.end(tooSlow);
    for (const { resolve } of this.#settle()) resolve(connection);
  }

  onOverdue(): void {
    if (this.#waiting.size > 0) this.#seek();
  }

  onRetired(connection: Connection): void {
    if (connection.ended) this.#connections.delete(connection);
    if (connection.ended && this.#dials.delete(connection)) {
      if (this.#dials.size > 0) return;
      if (this.#current?.isPinging) this.#failedDial = connection.ended;
      else this.#reject(connection.ended);
    } else if (this.#current === connection) {
      this.#current = undefined;
      if (this.#failedDial) this.#reject(this.#failedDial);
      else if (this.#waiting.size > 0) this.#seek();
    }
  }

  // As grpc's keepalive document asks of a client that was told so.
  onTooManyPings(): void {
    this.#settings = { ...this.#settings, pingIntervalMs: this.#settings.pingIntervalMs * 2 };
  }

  /** The next connection that may be used. Whoever waits for it keeps the process alive. */
  #connection(call: HttpCall): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        resolve: (connection) => {
          call.offStop(stop);
          call.step = "waiting for the answer";
          resolve(connection);
        },
        reject: ({ fault, cause, event }) => {
          call.offStop(stop);
          reject(networkFailure(fault, cause, event));
        },
      };
      this.#waiting.add(waiting);
      this.#keepAlive ??= setInterval(() => {}, maxTimerMs);
      this.#seek();
      call.step = `${this.#current ? "checking the connection" : "connecting"} to ${this.#origin.host}`;
      const dial = this.#lastDial;
      const stop = () => {
        this.#waiting.delete(waiting);
        this.#letGo();
        if (call.stopped?.code === Code.DeadlineExceeded && dial === this.#lastDial) this.#timedOutDial = dial;
        call.notSent();
        reject(call.stopped);
      };
      call.onStop(stop);
    });
  }

  /** Starts what calls wait for: a PING over the connection in use, if it may send one, and else, or later, a dial. */
  #seek(): void {
    if (this.#current?.isOpen && this.#current.verify()) return;
    if (this.#failedDial) return;
    if (this.#dials.size === 0 || this.#timedOutDial === this.#lastDial) this.#dial();
  }

  // Goes on when nobody waits any more. Of two the first goes on: on a slow path it is the one that will be ready.
  #dial(): void {
    const [, second] = this.#dials;
    if (second) {
      this.#dials.delete(second);
      second.end(tooSlow);
    }
    const dial = new Connection(this.#origin, this.#settings, this);
    this.#lastDial = dial;
    this.#dials.add(dial);
    this.#connections.add(dial);
  }

  #reject(end: ConnectionEnd): void {
    for (const { reject } of this.#settle()) reject(end);
  }

  #settle(): Waiting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    this.#failedDial = undefined;
    this.#letGo();
    return all;
  }

  #letGo(): void {
    if (this.#waiting.size > 0) return;
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }
}
