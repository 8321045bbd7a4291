import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { NetworkFault } from "../../failure.js";
import { LenientTimer } from "../../lenient-timer.js";
import { maxHeaderListSize } from "../../limits.js";
import { CreateConnectionError, dial } from "./dial.js";
import { dialFault, type Goaway, goawayFault, handshakeFault, lossFault, notHttp2 } from "./faults.js";
import type { Http2Settings } from "./settings.js";

// Node's own 64 KiB would make an answer pause for a round trip every 64 KiB; these hold one of 4 MiB or a few.
const streamWindowBytes = 1024 * 1024;
const connectionWindowBytes = 8 * 1024 * 1024;
// Limits of Node's own, which would reset streams, or close the connection, as though the server had. The first two
// only this client can exhaust, by making many calls or sending much. Header fields are bounded by their size alone.
// Invalid frames, such as an empty DATA in every answer, Node would count for as long as a connection lives.
const nodeLimits = {
  maxSessionMemory: 4_000,
  maxSendHeaderBlockLength: 2 ** 31 - 1,
  maxHeaderListPairs: 2 ** 32 - 1,
  maxSessionInvalidFrames: 2 ** 32 - 1,
};
/** Timers cannot wait longer. */
export const maxTimerMs = 2 ** 31 - 1;

// For the answer to a PING calls wait so many round trips, or this long, before another connection is tried.
const awaitedRoundTrips = 3;
const minAwaitedMs = 50;
// How long no connection is doubted after a doubt was decided; it doubles from the first to the second.
const minCalmMs = 1_000;
const maxCalmMs = 30_000;

/** Why a connection ended. */
export interface ConnectionEnd {
  readonly fault: NetworkFault;
  readonly cause?: unknown;
  /** The same for everything that failed because of this one end. */
  readonly event: object;
}

/** What a connection tells the client that it belongs to. */
export interface ConnectionOwner {
  readonly ration: DoubtRation;
  /** The connection is ready, or not doubted any more. */
  onUsable(connection: Connection): void;
  /** The answer to its PING takes longer than calls are to wait for it alone. */
  onOverdue(): void;
  /** It takes no more requests, or has ended. Told perhaps more than once. */
  onRetired(connection: Connection): void;
  /** Its server dislikes so many PINGs. */
  onTooManyPings(): void;
}

/**
 * Bounds how often a client doubts its connections. A doubt costs a PING, which many servers count and punish, or another
 * connection; and where a server is slow, or stuck, every deadline that passes is reason for one.
 */
export class DoubtRation {
  #calmMs = minCalmMs;
  #calmUntil = 0;

  /** Whether a connection may be doubted now. */
  get isOpen(): boolean {
    return performance.now() >= this.#calmUntil;
  }

  /** Says that a doubt was decided: a PING was answered, or another connection took the place. */
  decided(): void {
    this.#calmUntil = performance.now() + this.#calmMs;
    this.#calmMs = Math.min(2 * this.#calmMs, maxCalmMs);
  }

  /** Says that a request was answered. */
  answered(): void {
    this.#calmMs = minCalmMs;
  }
}

/** One HTTP/2 connection, from its dial to its end. */
export class Connection {
  readonly isTls: boolean;
  /** How many HEADERS and DATA of answers came in. Not bytes: Node 20 reads on and drops them once a server broke a rule. */
  frames = 0;

  readonly #origin: URL;
  readonly #settings: Http2Settings;
  readonly #owner: ConnectionOwner;
  readonly #dialling = new AbortController();
  readonly #dialTimer: LenientTimer;
  readonly #event = {};
  #socket: Duplex | undefined;
  #session: ClientHttp2Session | undefined;
  #isReady = false;
  #ended: ConnectionEnd | undefined;
  #goaway: Goaway | undefined;
  #requests = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;
  #bytesAtTick = 0;
  #usedAt = 0;
  #usedAtDate = 0;
  #isDoubted = false;
  // Runs while a sign of life is waited for.
  #lifeTimer: LenientTimer | undefined;
  #isOverdue = false;
  // Since the last request that was answered: servers of gRPC count PINGs between answers, and forgive one.
  #hasPinged = false;
  #roundTripMs = Number.POSITIVE_INFINITY;

  /** Begins to connect: DNS, TCP, TLS and SETTINGS, all within `connectTimeoutMs`. */
  constructor(origin: URL, settings: Http2Settings, owner: ConnectionOwner) {
    this.isTls = origin.protocol === "https:";
    this.#origin = origin;
    this.#settings = settings;
    this.#owner = owner;
    const { connectTimeoutMs } = settings;
    this.#dialTimer = new LenientTimer(connectTimeoutMs, () => {
      const message = `no HTTP/2 connection to ${origin.host} within connectTimeoutMs (${connectTimeoutMs})`;
      this.end({ reason: "connect-timeout", message, repeat: "never" });
    }).unref();
    dial(origin, settings, { ALPNProtocols: ["h2"] }, this.#dialling.signal)
      .then((socket) => this.#begin(socket))
      .catch((thrown: unknown) => {
        const cause = thrown instanceof CreateConnectionError ? thrown.cause : thrown;
        this.end(dialFault(cause, origin.host, cause !== thrown), cause);
      });
  }

  /** Whether it takes requests. */
  get isOpen(): boolean {
    // Read from its state: Node closes or destroys a session long before it says so.
    const session = this.#session as ClientHttp2Session;
    return this.#isReady && this.#ended === undefined && !session.closed && !session.destroyed;
  }

  /** Whether requests need not wait for a sign of life first. */
  get isUsable(): boolean {
    if (this.#isDoubted || !this.isOpen) return false;
    // Also by the clock on the wall: the other one stands still while a laptop sleeps.
    const unusedMs = Math.max(performance.now() - this.#usedAt, Date.now() - this.#usedAtDate);
    return unusedMs < this.#settings.pingIntervalMs;
  }

  /** Whether the answer to a PING is still waited for. */
  get isPinging(): boolean {
    return this.isOpen && this.#lifeTimer !== undefined;
  }

  /** Why it ended, and every request with it. */
  get ended(): ConnectionEnd | undefined {
    return this.#ended;
  }

  /** Whether it has ended, even if Node has not said so yet. */
  get isDead(): boolean {
    return this.#session?.destroyed === true;
  }

  /** Bytes that came in so far; 0 where a connection does not count them. */
  get bytesRead(): number {
    return (this.#socket as Partial<Socket>).bytesRead ?? 0;
  }

  /** Whether REFUSED_STREAM is about the connection: Node gives every stream the code of a GOAWAY. */
  get hadRefusal(): boolean {
    return this.#goaway?.code === constants.NGHTTP2_REFUSED_STREAM;
  }

  /** Why it ended, as far as is known; `cause` is what a request was told. */
  whyDead(cause?: unknown): ConnectionEnd {
    const end = this.#ended ?? { fault: this.#faultOf(cause), cause, event: this.#event };
    // Requests that this client's PINGs cost are no accident that many share: each retry is to be paid for.
    return this.#hadTooManyPings ? { ...end, event: {} } : end;
  }

  /** Why the server did not process the request of that stream, if it said so (GOAWAY) or never heard of it. */
  whyUnprocessed(streamId: number | undefined): ConnectionEnd | undefined {
    if (streamId !== undefined && streamId <= (this.#goaway?.lastStreamId ?? Number.POSITIVE_INFINITY))
      return undefined;
    const { fault, ...end } = this.whyDead();
    if (fault.repeat === "never") return { ...end, fault };
    // At once, unless it wants to be left in peace.
    const repeat = this.#goaway?.code === constants.NGHTTP2_ENHANCE_YOUR_CALM ? "not-sent" : "refused";
    return { ...end, fault: { ...fault, reason: "rst-refused-stream", repeat } };
  }

  /** Sends a request. Throws if the connection has just ended, and a TypeError if Node refuses a header. */
  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const session = this.#session as ClientHttp2Session;
    // Node's own lacks an IPv6 address's brackets.
    headers[":authority"] = this.#origin.host;
    const stream = session.request(headers);
    this.#requests += 1;
    // Whoever waits for an answer keeps the process alive.
    if (this.#requests === 1) session.ref();
    return stream;
  }

  /** Says that a request is over, and whether the server answered it. */
  finished(isAnswered: boolean): void {
    this.#requests -= 1;
    if (isAnswered) {
      this.#hasPinged = false;
      this.#owner.ration.answered();
      this.#showedLife();
    }
    if (this.#requests > 0) return;
    this.#session?.unref();
    this.#idleTimer?.refresh();
  }

  /**
   * Doubts the connection, since a request was waited on in vain, unless there is reason not to: frames of other answers
   * came since (`framesBefore` is how many there were), or doubts are used up for now.
   */
  suspect(framesBefore: number): void {
    if (framesBefore === this.frames && this.isOpen && this.#owner.ration.isOpen) this.verify();
  }

  /**
   * Doubts the connection until it shows a sign of life, and asks for one with a PING where it may. Returns whether its
   * answer is to be waited for.
   */
  verify(): boolean {
    this.#isDoubted = true;
    if (!this.#hasPinged) this.#ping();
    return this.#lifeTimer !== undefined && !this.#isOverdue;
  }

  /**
   * Says that a request was refused without a byte from the server. Then it was Node: the server broke HTTP/2's rules,
   * for which Node takes part in nothing more, but it leaves the connection open and says nothing.
   */
  refusedByNode(): void {
    if (!this.isOpen) return;
    if (this.bytesRead === 0) {
      this.suspect(this.frames);
      return;
    }
    this.retire();
    const message = `${this.#origin.host} broke the rules of HTTP/2, so the connection to it was given up`;
    // Others that were refused with it say so themselves first.
    setImmediate(() => this.end({ reason: "connection-lost", message }));
  }

  /** Takes no more requests, and ends when those under way are over. */
  retire(): void {
    this.#session?.close();
    this.#owner.onRetired(this);
  }

  /** Retires, since another one was ready before this one had shown a sign of life. */
  replaced(): void {
    this.retire();
    // One that answered a PING since its last answer is there, only slow: its requests may wait on.
    if (!this.#hasPinged) this.#endUnlessAlive(this.#settings.pingTimeoutMs);
  }

  /** Ends at once, and every request with it. */
  end(fault: NetworkFault, cause?: unknown): void {
    if (this.#ended) return;
    // Before it was ready nothing can have been sent, so nothing can have been applied.
    const repeat = this.#isReady || fault.repeat === "never" ? fault.repeat : "not-sent";
    this.#ended = { fault: { ...fault, ...(repeat && { repeat }) }, cause, event: this.#event };
    this.#dialTimer.end();
    this.#lifeTimer?.end();
    clearTimeout(this.#idleTimer);
    clearInterval(this.#silenceTimer);
    this.#dialling.abort();
    this.#session?.destroy();
    this.#socket?.destroy();
    this.#owner.onRetired(this);
  }

  #begin(socket: Duplex): void {
    const over = (cause?: unknown) => this.end(this.#faultOf(cause), cause);
    this.#socket = socket;
    // Listeners stay for good: an error that nobody listens to would end the process.
    socket.on("error", over);
    if (this.#ended) {
      socket.destroy();
      return;
    }
    const beganAt = performance.now();
    const session = connect(this.#origin.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes, maxHeaderListSize },
      ...nodeLimits,
    });
    this.#session = session;
    session.unref();
    session.on("error", over);
    session.on("close", () => over());
    // Node destroys a session whose socket failed, but is silent about it where TLS had only just begun.
    socket.on("close", () => over());
    socket.on("secureConnect", () => {
      if ((socket as TLSSocket).alpnProtocol !== "h2") this.end(notHttp2(this.#origin.host, this.isTls));
    });
    session.on("goaway", (code, lastStreamId, data) => {
      this.#goaway = { code, lastStreamId, debug: data ? Buffer.from(data).toString() : "" };
      if (this.#hadTooManyPings) this.#owner.onTooManyPings();
      this.retire();
    });
    session.once("remoteSettings", () => {
      this.#roundTripMs = performance.now() - beganAt;
      // What came with the SETTINGS, such as a GOAWAY, is told first.
      queueMicrotask(() => this.#opened());
    });
  }

  #opened(): void {
    const session = this.#session as ClientHttp2Session;
    if (this.#ended) return;
    if (session.closed || session.destroyed) {
      this.end(this.#faultOf(undefined));
      return;
    }
    this.#isReady = true;
    this.#dialTimer.end();
    session.setLocalWindowSize(connectionWindowBytes);
    const { idleTimeoutMs, pingIntervalMs } = this.#settings;
    this.#idleTimer = setTimeout(() => {
      if (this.#requests === 0) this.retire();
    }, idleTimeoutMs).unref();
    this.#silenceTimer = setInterval(
      () => {
        // Calls under way and nothing heard for a while: the path may be gone without a word.
        if (this.#requests > 0 && this.bytesRead === this.#bytesAtTick) this.#ping();
        this.#bytesAtTick = this.bytesRead;
      },
      Math.min(pingIntervalMs, maxTimerMs),
    ).unref();
    this.#showedLife();
    this.#owner.onUsable(this);
  }

  #ping(): void {
    const session = this.#session as ClientHttp2Session;
    const { pingIntervalMs, pingTimeoutMs } = this.#settings;
    if (this.#lifeTimer || session.destroyed || pingIntervalMs === Number.POSITIVE_INFINITY) return;
    this.#hasPinged = true;
    const sentAt = performance.now();
    const awaitedMs = Math.min(pingTimeoutMs, Math.max(minAwaitedMs, awaitedRoundTrips * this.#roundTripMs));
    this.#lifeTimer = new LenientTimer(awaitedMs, () => {
      this.#isOverdue = true;
      this.#endUnlessAlive(pingTimeoutMs - awaitedMs);
      this.#owner.onOverdue();
    }).unref();
    session.ping((error) => {
      if (error) return;
      this.#roundTripMs = Math.min(this.#roundTripMs, performance.now() - sentAt);
      if (this.#isDoubted && this.isOpen) this.#owner.ration.decided();
      this.#showedLife();
    });
  }

  #showedLife(): void {
    this.#usedAt = performance.now();
    this.#usedAtDate = Date.now();
    this.#lifeTimer?.end();
    this.#lifeTimer = undefined;
    this.#isOverdue = false;
    if (!this.#isDoubted) return;
    this.#isDoubted = false;
    if (this.isOpen) this.#owner.onUsable(this);
  }

  #endUnlessAlive(ms: number): void {
    const { frames } = this;
    this.#lifeTimer = new LenientTimer(ms, () => {
      this.#lifeTimer = undefined;
      const message = `${this.#origin.host} gave no sign of life within pingTimeoutMs (${this.#settings.pingTimeoutMs})`;
      if (frames === this.frames) this.end({ reason: "connection-lost", message });
    }).unref();
  }

  get #hadTooManyPings(): boolean {
    return this.#goaway?.debug === "too_many_pings";
  }

  #faultOf(cause: unknown): NetworkFault {
    const { host } = this.#origin;
    if (this.#goaway) return goawayFault(this.#goaway, host, this.isTls);
    if (this.#isReady) return lossFault(cause, host);
    return handshakeFault(cause, this.#socket as Partial<TLSSocket>, host, this.isTls);
  }
}
