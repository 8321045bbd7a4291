import { Code } from "@connectrpc/connect";
import type { HttpCall, HttpClient } from "../http.js";
import type { Http2Options } from "../http2-options.js";
import { networkFailure } from "../network-failure.js";
import { exchange } from "./exchange.js";
import { Http2Session } from "./session.js";
import { http2Settings } from "./settings.js";

/** An HTTP client over `node:http2`: one connection, made when first needed and replaced when it ends. */
export function createHttp2Client(origin: string, options: Http2Options): HttpClient {
  const url = new URL(origin);
  let settings = http2Settings(options);
  // What new requests use, and what still has requests on it.
  let current: Http2Session | undefined;
  const sessions = new Set<Http2Session>();

  function dial(): Http2Session {
    try {
      const session = new Http2Session(url, settings, retired);
      sessions.add(session);
      current = session;
      return session;
    } catch (cause) {
      // Only a createConnection of the caller's throws.
      const message = "http2.createConnection failed; its error is the cause";
      throw networkFailure({ reason: "connection-lost", message, repeat: "never" }, cause);
    }
  }

  function retired(session: Http2Session): void {
    if (session.isDead) sessions.delete(session);
    if (current !== session) return;
    current = undefined;
    // As grpc's keepalive document asks of a client that was told so.
    if (session.hadTooManyPings) settings = { ...settings, pingIntervalMs: settings.pingIntervalMs * 2 };
  }

  // No loop: what it waits for is known to be under way, and what comes of it is the attempt's end either way.
  async function connected(call: HttpCall): Promise<Http2Session> {
    if (current?.isOpen && current.isDoubtful) await current.verify();
    if (call.stopped) throw call.stopped;
    const session = current?.isUsable ? current : dial();
    if (session.isOpen) return session;
    const leave = () => {
      session.waiting -= 1;
      // It took longer than a whole call: the next one shall not wait for it as well.
      if (current === session && call.stopped?.code === Code.DeadlineExceeded) current = undefined;
      if (session.waiting === 0) session.end({ reason: "connection-lost", message: "nobody waits any more" });
    };
    session.waiting += 1;
    call.onStop(leave);
    call.step = `connecting to ${url.host}`;
    const end = await session.ready;
    call.step = "waiting for the answer";
    call.offStop(leave);
    if (call.stopped) throw call.stopped;
    session.waiting -= 1;
    if (end) throw networkFailure(end.fault, end.cause);
    return session;
  }

  return {
    hasTrailers: true,
    send(request, guard, call) {
      if (current?.isOpen && !current.isDoubtful) return exchange(current, request, guard, call);
      return new Promise((resolve, reject) => {
        const stop = () => reject(call.stopped);
        call.onStop(stop);
        connected(call)
          .finally(() => call.offStop(stop))
          .then((session) => exchange(session, request, guard, call))
          .then(resolve, reject);
      });
    },
    close() {
      for (const session of sessions) session.end({ reason: "connection-lost", message: "the client was closed" });
    },
  };
}
