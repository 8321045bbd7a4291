import type { ClientHttp2Session } from "node:http2";
import { Patience } from "./patience.js";
import type { Http2Settings } from "./settings.js";

// Longer than a round trip within a continent, short against any deadline.
const suspicionGraceMs = 100;
// Timers cannot wait longer.
const maxTimerMs = 2 ** 31 - 1;

/** What it is asked about a connection, and tells it. */
export interface Watched {
  readonly session: ClientHttp2Session;
  /** Bytes that came in so far. */
  readonly bytesRead: number;
  /** Whether anything waits for the server. */
  readonly isBusy: boolean;
  /** Ends the connection: a PING was not answered in time. */
  lost(): void;
}

/** Finds out by PINGs whether the server of a connection is still there. */
export class Liveness {
  readonly #watched: Watched;
  readonly #settings: Http2Settings;
  readonly #timer: NodeJS.Timeout;
  #usedAt = performance.now();
  #usedAtDate = Date.now();
  #verifying: Promise<boolean> | undefined;
  #isSuspect = false;
  #bytesAtTick = 0;

  constructor(watched: Watched, settings: Http2Settings) {
    this.#watched = watched;
    this.#settings = settings;
    const checkSilence = () => {
      // Calls under way and nothing heard for a while: the path may be gone without a word.
      if (watched.isBusy && watched.bytesRead === this.#bytesAtTick) void this.#ping();
      this.#bytesAtTick = watched.bytesRead;
    };
    this.#timer = setInterval(checkSilence, Math.min(settings.pingIntervalMs, maxTimerMs)).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Says that the server was heard of. */
  touch(): void {
    this.#usedAt = performance.now();
    this.#usedAtDate = Date.now();
  }

  /** Whether the server has to show that it is still there before the next request. */
  get isDoubtful(): boolean {
    // Also by the clock on the wall: the other one stands still while a laptop sleeps.
    const unusedMs = Math.max(performance.now() - this.#usedAt, Date.now() - this.#usedAtDate);
    return this.#isSuspect || unusedMs >= this.#settings.pingIntervalMs;
  }

  /** Doubts the connection, since a call waited on it in vain. */
  suspect(): void {
    this.#isSuspect = true;
    void this.#ping();
  }

  /** Finds out whether the server is still there. */
  verify(): Promise<boolean> {
    return this.#isSuspect ? Promise.race([this.#ping(), falseAfter(suspicionGraceMs)]) : this.#ping();
  }

  #ping(): Promise<boolean> {
    this.#verifying ??= new Promise<boolean>((resolve) => {
      const patience = new Patience(this.#settings.pingTimeoutMs, () => {
        this.#watched.lost();
        resolve(false);
      });
      // Not what the process should stay alive for: the calls are.
      patience.keepAlive(false);
      const settle = (alive: boolean) => {
        patience.end();
        resolve(alive);
      };
      try {
        this.#watched.session.ping((error) => settle(!error));
      } catch {
        settle(false);
      }
    }).then((alive) => {
      this.#verifying = undefined;
      if (alive) {
        this.#isSuspect = false;
        this.touch();
      }
      return alive;
    });
    return this.#verifying;
  }
}

function falseAfter(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    new Patience(ms, () => resolve(false)).keepAlive(false);
  });
}
