import { Code } from "@connectrpc/connect";
import type { HttpCall } from "../http.js";
import { type NetworkFault, networkFailure } from "../network-failure.js";
import { CreateConnectionError, dial } from "./dial.js";
import { networkFault } from "./network-fault.js";
import { Patience } from "./patience.js";
import { Http2Session, type SessionEnd } from "./session.js";
import type { Http2Settings } from "./settings.js";

type Retired = (session: Http2Session) => void;

/** One try to get a session: DNS, TCP, TLS and SETTINGS, all within `connectTimeoutMs`. */
class Dial {
  /** Rejects with a `SessionEnd`. */
  readonly session: Promise<Http2Session>;
  readonly patience: Patience;
  readonly #controller = new AbortController();
  #session: Http2Session | undefined;
  #fail: (end: SessionEnd) => void = () => {};

  constructor(origin: URL, settings: Http2Settings, retired: Retired) {
    const { connectTimeoutMs } = settings;
    this.patience = new Patience(connectTimeoutMs, () => {
      const message = `no HTTP/2 connection to ${origin.host} within connectTimeoutMs (${connectTimeoutMs})`;
      this.end({ reason: "connect-timeout", message, repeat: "never" });
    });
    this.session = new Promise((resolve, reject) => {
      this.#fail = (end) => {
        this.patience.end();
        // Nothing was sent yet, so nothing can have been applied.
        const repeat = end.fault.repeat === "never" ? "never" : "not-sent";
        reject({ ...end, fault: { ...end.fault, repeat } });
      };
      dial(origin, settings, this.#controller.signal)
        .then(async (socket) => {
          const session = new Http2Session(socket, origin, settings, retired);
          this.#session = session;
          const end = await session.ready;
          if (end || !session.isOpen) return this.#fail(end ?? session.whyDead());
          this.patience.end();
          resolve(session);
        })
        .catch((cause: unknown) => this.#fail(dialEnd(cause, origin.host)));
    });
  }

  end(fault: NetworkFault): void {
    this.#fail({ fault, event: {} });
    this.#controller.abort();
    this.#session?.end(fault);
  }
}

function dialEnd(thrown: unknown, host: string): SessionEnd {
  const own = thrown instanceof CreateConnectionError;
  const cause = own ? thrown.cause : thrown;
  const known = networkFault(cause, host);
  const event = {};
  if (!own)
    return { fault: known ?? { reason: "connection-lost", message: `${host} cannot be reached` }, cause, event };
  // Whatever else it threw would be thrown again.
  const message = "http2.createConnection failed; its error is the cause";
  return { fault: { reason: "connection-lost", message, repeat: known?.repeat ?? "never" }, cause, event };
}

/**
 * The way to the next session: a dial, which goes on when nobody waits any more, and a second one beside it, made anew
 * whenever a call has waited for it in vain. The first session that is ready is taken.
 */
export class Connecting {
  readonly #session: Promise<Http2Session>;
  readonly #dial: () => void;
  readonly #dials = new Set<Dial>();
  #waiting = 0;
  #last: Dial | undefined;
  /** Whether a call that found the last dial under way waited for it in vain. */
  #isOverdue = false;

  /** `settled` is told of the session, or that there will be none. */
  constructor(origin: URL, settings: Http2Settings, retired: Retired, settled: (session?: Http2Session) => void) {
    let dialNow = () => {};
    this.#session = new Promise((resolve, reject) => {
      dialNow = () => {
        const dial = new Dial(origin, settings, retired);
        this.#dials.add(dial);
        this.#last = dial;
        this.#isOverdue = false;
        dial.session.then(
          (session) => {
            // Another one may have been as quick.
            if (!this.#dials.delete(dial)) return session.retire();
            this.end({ reason: "connection-lost", message: "another connection was quicker" });
            settled(session);
            resolve(session);
          },
          (end: SessionEnd) => {
            if (!this.#dials.delete(dial) || this.#dials.size > 0) return;
            settled();
            reject(end);
          },
        );
      };
    });
    this.#session.catch(() => {});
    this.#dial = dialNow;
    this.#dial();
  }

  /** The session that comes of it. Rejects with what each waiting call is to fail with. */
  async wait(call: HttpCall): Promise<Http2Session> {
    if (this.#isOverdue) this.#dialAgain();
    const last = this.#last;
    this.#count(1);
    let waits = true;
    const leave = () => {
      if (waits) this.#count(-1);
      waits = false;
      if (call.stopped?.code === Code.DeadlineExceeded && last === this.#last) this.#isOverdue = true;
    };
    call.onStop(leave);
    try {
      return await this.#session;
    } catch (end) {
      const { fault, cause, event } = end as SessionEnd;
      throw networkFailure(fault, cause, event);
    } finally {
      call.offStop(leave);
      leave();
    }
  }

  // The first goes on: on a slow path it is the one that will be ready.
  #dialAgain(): void {
    const [, second] = this.#dials;
    if (second) {
      this.#dials.delete(second);
      second.end({ reason: "connection-lost", message: "another connection is tried" });
    }
    this.#dial();
  }

  /** Gives up every dial. */
  end(fault: NetworkFault): void {
    const dials = [...this.#dials];
    this.#dials.clear();
    for (const dial of dials) dial.end(fault);
  }

  // A dial keeps the process alive only while a call waits for it, or while the name is looked up and TCP connects: that
  // Node never lets go of, `unref()` or not.
  #count(change: 1 | -1): void {
    this.#waiting += change;
    for (const { patience } of this.#dials) patience.keepAlive(this.#waiting > 0);
  }
}
