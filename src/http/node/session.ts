import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import type * as net from "node:net";
import type { Duplex } from "node:stream";
import type * as tls from "node:tls";
import type { NetworkFault } from "../network-failure.js";
import { Liveness } from "./liveness.js";
import { type Goaway, goawayFault, networkFault, notHttp2 } from "./network-fault.js";
import type { Http2Settings } from "./settings.js";

// Node's own 64 KiB would make an answer pause for a round trip every 64 KiB; these hold one of 4 MiB or a few.
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;
// Limits of Node's own, which would reset streams, or close the connection, as though the server had. The first two
// only this client can exhaust, by making many calls or sending much. Header fields are bounded by their size alone.
// Invalid frames, such as an empty DATA in every answer, Node would count for as long as a connection lives.
const nodeLimits = {
  maxSessionMemory: 4_000,
  maxSendHeaderBlockLength: 2 ** 31 - 1,
  maxHeaderListPairs: 2 ** 32 - 1,
  maxSessionInvalidFrames: 2 ** 32 - 1,
};
const maxHeaderListSize = 1024 * 1024;
// What a TLS server says to a client that does not speak TLS: an alert, of so many bytes.
const tlsAlertBytes = 7;

/** Why a session ended. */
export interface SessionEnd {
  readonly fault: NetworkFault;
  readonly cause?: unknown;
  /** The same for everything that failed because of this one end. */
  readonly event: object;
}

/** One HTTP/2 connection, from its socket to its end. */
export class Http2Session {
  /** Resolves when the server's SETTINGS have come, or with why they never will. */
  readonly ready: Promise<SessionEnd | undefined>;
  readonly isTls: boolean;

  readonly #session: ClientHttp2Session;
  readonly #socket: Duplex;
  readonly #host: string;
  readonly #onRetire: (session: Http2Session) => void;
  readonly #liveness: Liveness;
  readonly #idleTimer: NodeJS.Timeout;
  readonly #event = {};
  #isReady = false;
  #end: SessionEnd | undefined;
  #settle: (end: SessionEnd | undefined) => void = () => {};
  #goaway: Goaway | undefined;
  // Requests under way, and calls that wait for a PING before theirs.
  #waiting = 0;

  /** `onRetire` is called, perhaps more than once, when no new request may use the session. */
  constructor(socket: Duplex, origin: URL, settings: Http2Settings, onRetire: (session: Http2Session) => void) {
    this.#host = origin.host;
    this.isTls = origin.protocol === "https:";
    this.#onRetire = onRetire;
    this.#socket = socket;
    this.#session = connect(origin.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes, maxHeaderListSize },
      ...nodeLimits,
    });
    // Whoever waits keeps the process alive.
    this.#session.unref();
    const isBusy = () => this.#waiting > 0;
    const bytesRead = () => this.bytesRead;
    const lost = () => {
      const message = `${this.#host} did not answer a PING within pingTimeoutMs (${settings.pingTimeoutMs})`;
      this.end({ reason: "connection-lost", message });
    };
    this.#liveness = new Liveness(
      {
        session: this.#session,
        lost,
        get isBusy() {
          return isBusy();
        },
        get bytesRead() {
          return bytesRead();
        },
      },
      settings,
    );
    this.#idleTimer = setTimeout(() => {
      if (this.#waiting === 0) this.retire();
    }, settings.idleTimeoutMs).unref();
    this.ready = this.#connected();
    this.#session.on("goaway", (code, lastStreamId, data) => {
      this.#goaway = { code, lastStreamId, debug: data ? Buffer.from(data).toString() : "" };
      this.retire();
    });
  }

  /** Whether a new request may use it. */
  get isOpen(): boolean {
    // Read from its state: Node closes or destroys a session long before it says so.
    return this.#isReady && this.#end === undefined && !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether it has ended, and every request with it. */
  get isDead(): boolean {
    return this.#session.destroyed;
  }

  /** Whether the server said that it dislikes PINGs. */
  get hadTooManyPings(): boolean {
    return this.#goaway?.debug === "too_many_pings";
  }

  /** Whether REFUSED_STREAM is about the connection: Node gives every stream the code of a GOAWAY. */
  get hadRefusal(): boolean {
    return this.#goaway?.code === constants.NGHTTP2_REFUSED_STREAM;
  }

  /** Why it ended, as far as is known; `cause` is what a request was told. */
  whyDead(cause?: unknown): SessionEnd {
    return this.#end ?? { fault: this.#faultOf(cause), cause, event: this.#event };
  }

  /** Why the server did not process the request of that stream, if it said so (GOAWAY) or never heard of it. */
  whyUnprocessed(streamId: number | undefined): SessionEnd | undefined {
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
    const stream = this.#session.request(headers);
    this.#enter();
    return stream;
  }

  /** Says that a request is over, and whether the server answered it. */
  left(isAnswered: boolean): void {
    this.#waiting -= 1;
    if (isAnswered) this.#liveness.touch();
    if (this.#waiting > 0) return;
    this.#session.unref();
    this.#idleTimer.refresh();
  }

  /** Bytes that came in so far, to tell silence by; 0 where a connection does not count them. */
  get bytesRead(): number {
    return (this.#socket as Partial<net.Socket>).bytesRead ?? 0;
  }

  /** Whether the server has to show that it is still there before the next request. */
  get isDoubtful(): boolean {
    return this.#liveness.isDoubtful;
  }

  /** Doubts the connection, since a call waited on it in vain. */
  suspect(): void {
    this.#liveness.suspect();
  }

  /** Finds out whether the server is still there; retires the session if not. */
  async verify(): Promise<void> {
    // A call waits for this, maybe without a deadline, so the process must not end meanwhile.
    this.#enter();
    const alive = await this.#liveness.verify();
    this.left(false);
    if (!alive) this.retire();
  }

  /**
   * Says that a request was refused without a byte from the server. Then it was Node: the server broke HTTP/2's rules,
   * for which Node takes part in nothing more, but it leaves the connection open and says nothing.
   */
  refused(): void {
    if (!this.isOpen) return;
    if (this.bytesRead === 0) {
      this.suspect();
      return;
    }
    this.retire();
    const message = `${this.#host} broke the rules of HTTP/2, so the connection to it was given up`;
    // Others that were refused with it say so themselves first.
    setImmediate(() => this.end({ reason: "connection-lost", message }));
  }

  /** Takes no more requests, and ends when those under way are over. */
  retire(): void {
    this.#onRetire(this);
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Ends at once, and every request with it. */
  end(fault: NetworkFault, cause?: unknown): void {
    this.#end ??= { fault, cause, event: this.#event };
    this.#liveness.stop();
    clearTimeout(this.#idleTimer);
    this.#session.destroy();
    this.#socket.destroy();
    this.#onRetire(this);
    this.#settle(this.#end);
  }

  #enter(): void {
    this.#waiting += 1;
    if (this.#waiting === 1) this.#session.ref();
  }

  #connected(): Promise<SessionEnd | undefined> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      const over = (cause?: unknown) => this.end(this.#faultOf(cause), cause);
      this.#session.once("remoteSettings", () => {
        if (this.#end) return;
        this.#isReady = true;
        this.#session.setLocalWindowSize(sessionWindowBytes);
        this.#liveness.touch();
        resolve(undefined);
      });
      this.#session.on("close", () => over());
      // These stay for good: an error that nobody listens to would end the process.
      this.#session.on("error", over);
      // Node destroys a session whose socket failed, but is silent about it where TLS had only just begun.
      this.#socket.on("error", over);
      this.#socket.on("close", () => over());
      this.#socket.on("secureConnect", () => {
        if ((this.#socket as tls.TLSSocket).alpnProtocol !== "h2") this.end(notHttp2(this.#host, this.isTls));
      });
    });
  }

  #faultOf(cause: unknown): NetworkFault {
    const host = this.#host;
    if (this.#goaway) return goawayFault(this.#goaway, host, this.isTls);
    if (!this.#isReady) return this.#dialFault(cause);
    const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
    if (code !== "ERR_HTTP2_ERROR") return { reason: "connection-lost", message: `the connection to ${host} was lost` };
    // nghttp2's, whose text says which rule. This is no rule but its own limit, and the next answer is often as long.
    if (/CONTINUATION/.test(message)) {
      const said = `${host} sent more header fields than Node takes (${message})`;
      return { reason: "bad-http", message: said, maxRetries: 1 };
    }
    return { reason: "connection-lost", message: `${host} broke the rules of HTTP/2 (${message})` };
  }

  // Before HTTP/2 began. Only here `networkFault` has a say: of what breaks later the server may have had requests.
  #dialFault(cause: unknown): NetworkFault {
    const host = this.#host;
    const known = networkFault(cause, host);
    if (known) return known;
    const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
    // Why this end refused the certificate: OpenSSL has more reasons than `networkFault` has codes.
    const refusal = String((this.#socket as Partial<tls.TLSSocket>).authorizationError);
    if (refusal === code || refusal === message) {
      return { reason: "tls", message: `the certificate of ${host} is refused (${refusal})`, repeat: "never" };
    }
    if (!this.isTls && this.bytesRead === tlsAlertBytes) {
      return { reason: "not-h2", message: `${host} speaks TLS: use https:`, repeat: "never" };
    }
    // Something came in, and it was not an HTTP/2 server's SETTINGS.
    if (this.bytesRead > 0) return notHttp2(host, this.isTls);
    // Some TLS servers close without a word on what is not TLS.
    const hint = this.isTls ? "" : ": is it an https: port?";
    return { reason: "connection-lost", message: `${host} closed the connection before HTTP/2 began${hint}` };
  }
}
