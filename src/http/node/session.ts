import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import type * as net from "node:net";
import type { Duplex } from "node:stream";
import type * as tls from "node:tls";
import type { NetworkFault } from "../network-failure.js";
import { dial } from "./dial.js";
import { networkFault, notHttp2 } from "./network-fault.js";
import type { Http2Settings } from "./settings.js";

// Node's own 64 KiB would make an answer pause for a round trip every 64 KiB; these hold one of 4 MiB or a few.
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;
// Limits of Node's own that only this client can exhaust, by making many calls or sending much: Node would reset
// streams, or close the connection, as though the server had.
const nodeLimits = { maxSessionMemory: 4_000, maxSendHeaderBlockLength: 2 ** 31 - 1 };
// Longer than a round trip within a continent, short against any deadline.
const suspicionGraceMs = 100;
// Timers cannot wait longer.
const maxTimerMs = 2 ** 31 - 1;

/** Why a session ended. */
export interface SessionEnd {
  readonly fault: NetworkFault;
  readonly cause?: unknown;
}

/** One HTTP/2 connection, from dialing to its end. */
export class Http2Session {
  /** Resolves when the server's SETTINGS have come, or with why they never will. */
  readonly ready: Promise<SessionEnd | undefined>;
  /** Calls that wait for `ready`. */
  waiting = 0;

  readonly #session: ClientHttp2Session;
  readonly #socket: Duplex;
  readonly #host: string;
  readonly #isTls: boolean;
  readonly #settings: Http2Settings;
  readonly #onRetire: (session: Http2Session) => void;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #idleTimer: NodeJS.Timeout;
  #isReady = false;
  #end: SessionEnd | undefined;
  #goaway: { code: number; lastStreamId: number; debug: string } | undefined;
  #streams = 0;
  #usedAt = performance.now();
  #usedAtDate = Date.now();
  #verifying: Promise<boolean> | undefined;
  #isSuspect = false;
  #bytesAtTick = 0;

  /** Dials. `onRetire` is called, perhaps more than once, when no new request may use the session. */
  constructor(origin: URL, settings: Http2Settings, onRetire: (session: Http2Session) => void) {
    this.#host = origin.host;
    this.#isTls = origin.protocol === "https:";
    this.#settings = settings;
    this.#onRetire = onRetire;
    this.#socket = dial(origin, settings);
    this.#session = connect(origin.origin, {
      createConnection: () => this.#socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
      ...nodeLimits,
    });
    this.#pingTimer = setInterval(() => this.#checkSilence(), Math.min(settings.pingIntervalMs, maxTimerMs)).unref();
    this.#idleTimer = setTimeout(
      () => {
        if (this.#streams === 0) this.retire();
      },
      Math.min(settings.idleTimeoutMs, maxTimerMs),
    ).unref();
    this.ready = this.#connected();
    this.#socket.on("secureConnect", () => {
      if ((this.#socket as tls.TLSSocket).alpnProtocol !== "h2") this.end(notHttp2(this.#host));
    });
    this.#session.on("goaway", (code, lastStreamId, data) => {
      this.#goaway = { code, lastStreamId, debug: data ? Buffer.from(data).toString("latin1") : "" };
      this.retire();
    });
    // Stays for good: an error that nobody listens to would end the process.
    this.#session.on("error", (cause: Error) => {
      this.#end ??= { fault: this.#faultOf(cause), cause };
    });
  }

  /** Whether a new request may use it. */
  get isOpen(): boolean {
    return this.#isReady && this.isUsable;
  }

  /**
   * Whether it is open or will be. Read from its state: Node closes or destroys a session long before it says so, and
   * whoever waited for that would wait for what is over.
   */
  get isUsable(): boolean {
    return this.#end === undefined && !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether it has ended, and every request with it. */
  get isDead(): boolean {
    return this.#session.destroyed;
  }

  /** Whether the server said that it dislikes PINGs. */
  get hadTooManyPings(): boolean {
    return this.#goaway?.debug === "too_many_pings";
  }

  /** Why it ended, as far as is known; `cause` is what a request was told. */
  whyDead(cause: unknown): SessionEnd {
    return this.#end ?? { fault: this.#faultOf(cause), cause };
  }

  /** Whether the server said (GOAWAY) that it did not process the request of that stream. */
  isUnprocessed(streamId: number | undefined): boolean {
    return streamId === undefined || (this.#goaway !== undefined && streamId > this.#goaway.lastStreamId);
  }

  /** Sends a request. Throws if the connection has just ended. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers);
    this.#streams += 1;
    if (this.#streams === 1) this.#session.ref();
    return stream;
  }

  /** Says that a request is over, and whether the server answered it. */
  left(isAnswered: boolean): void {
    this.#streams -= 1;
    if (isAnswered) this.#touch();
    if (this.#streams > 0) return;
    this.#session.unref();
    this.#idleTimer.refresh();
  }

  /** Bytes that came in so far, to tell silence by. */
  get bytesRead(): number {
    return (this.#socket as Partial<net.Socket>).bytesRead ?? 0;
  }

  /** Whether the server has to show that it is still there before the next request. */
  get isDoubtful(): boolean {
    // Also by the clock on the wall: the other one stands still while a laptop sleeps.
    const unusedMs = Math.max(performance.now() - this.#usedAt, Date.now() - this.#usedAtDate);
    return this.#isSuspect || unusedMs >= this.#settings.pingIntervalMs;
  }

  /** Doubts the connection, since a call waited on it in vain and nothing at all came in. */
  suspect(): void {
    this.#isSuspect = true;
    void this.#ping();
  }

  /** Finds out whether the server is still there; retires the session if not. */
  async verify(): Promise<boolean> {
    // A call waits for this, maybe without a deadline, so the process must not end meanwhile.
    this.#session.ref();
    const alive = this.#isSuspect
      ? await Promise.race([this.#ping(), falseAfter(suspicionGraceMs)])
      : await this.#ping();
    if (this.#streams === 0) this.#session.unref();
    if (!alive) this.retire();
    return alive;
  }

  /**
   * Says that Node refused a request by itself: the server broke HTTP/2's rules, for which Node takes part in nothing
   * more but leaves the connection open and says nothing.
   */
  refused(): void {
    const message = `${this.#host} broke the rules of HTTP/2, so the connection to it was given up`;
    if (!this.isOpen) return;
    this.retire();
    // Others that were refused with it say so themselves first.
    setImmediate(() => this.end({ reason: "connection-lost", message }));
  }

  /** Takes no more requests, and ends when those under way are over. */
  retire(): void {
    this.#onRetire(this);
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Ends at once, and every request with it. */
  end(fault: NetworkFault): void {
    this.#end ??= { fault };
    this.#onRetire(this);
    this.#session.destroy();
    this.#socket.destroy();
  }

  #connected(): Promise<SessionEnd | undefined> {
    return new Promise((resolve) => {
      const { connectTimeoutMs } = this.#settings;
      const timer = setTimeout(() => {
        const message = `no HTTP/2 connection to ${this.#host} within connectTimeoutMs (${connectTimeoutMs})`;
        this.end({ reason: "connect-timeout", message, repeat: "never" });
      }, connectTimeoutMs);
      this.#session.once("remoteSettings", () => {
        clearTimeout(timer);
        this.#isReady = true;
        this.#session.setLocalWindowSize(sessionWindowBytes);
        this.#touch();
        if (this.#streams === 0) this.#session.unref();
        resolve(undefined);
      });
      this.#session.once("close", () => {
        clearTimeout(timer);
        clearInterval(this.#pingTimer);
        clearTimeout(this.#idleTimer);
        this.#onRetire(this);
        resolve(this.whyDead(undefined));
      });
    });
  }

  #touch(): void {
    this.#usedAt = performance.now();
    this.#usedAtDate = Date.now();
  }

  // Calls under way and nothing heard for a while: the path may be gone without a word.
  #checkSilence(): void {
    if (this.#streams > 0 && this.bytesRead === this.#bytesAtTick) void this.#ping();
    this.#bytesAtTick = this.bytesRead;
  }

  #ping(): Promise<boolean> {
    this.#verifying ??= new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        const message = `${this.#host} did not answer a PING within pingTimeoutMs (${this.#settings.pingTimeoutMs})`;
        this.end({ reason: "connection-lost", message });
        resolve(false);
      }, this.#settings.pingTimeoutMs);
      // Not what the process should stay alive for: the calls are.
      timer.unref();
      const settle = (alive: boolean) => {
        clearTimeout(timer);
        resolve(alive);
      };
      try {
        this.#session.ping((error) => settle(!error));
      } catch {
        settle(false);
      }
    }).then((alive) => {
      this.#verifying = undefined;
      if (alive) {
        this.#isSuspect = false;
        this.#touch();
      }
      return alive;
    });
    return this.#verifying;
  }

  #faultOf(cause: unknown): NetworkFault {
    const host = this.#host;
    const known = networkFault(cause, host);
    if (known) return known;
    if (this.#goaway) {
      const { code, debug } = this.#goaway;
      const why = debug === "" ? "" : `, "${debug.slice(0, 80)}"`;
      return { reason: "connection-lost", message: `${host} closed the connection (GOAWAY ${code}${why})` };
    }
    // Something came in, and it was not an HTTP/2 server's SETTINGS.
    if (!this.#isReady && this.bytesRead > 0) return notHttp2(host);
    if (!this.#isReady && !this.#isTls) {
      // Some TLS servers close without a word on what is not TLS.
      const message = `${host} closed the connection before HTTP/2 began: is it an https: port?`;
      return { reason: "connection-lost", message };
    }
    return { reason: "connection-lost", message: `the connection to ${host} was lost` };
  }
}

function falseAfter(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, false).unref();
  });
}
