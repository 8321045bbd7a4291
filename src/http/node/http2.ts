import type { HttpCall, HttpClient } from "../http.js";
import type { Http2Options } from "../http2-options.js";
import { type NetworkFault, networkFailure } from "../network-failure.js";
import { Connecting } from "./connecting.js";
import { exchange } from "./exchange.js";
import type { Http2Session } from "./session.js";
import { http2Settings } from "./settings.js";

const closed: NetworkFault = { reason: "connection-lost", message: "the client was closed", repeat: "never" };

/** An HTTP client over `node:http2`: one connection, made when first needed and replaced when it ends. */
export function createHttp2Client(origin: string, options: Http2Options): HttpClient {
  const url = new URL(origin);
  let settings = http2Settings(options);
  // What new requests use, what is to follow it, and what still has requests on it.
  let current: Http2Session | undefined;
  let connecting: Connecting | undefined;
  const sessions = new Set<Http2Session>();
  let isClosed = false;

  function connect(): Connecting {
    const made = new Connecting(url, settings, retired, (session) => {
      if (connecting === made) connecting = undefined;
      if (!session) return;
      current = session;
      sessions.add(session);
    });
    return made;
  }

  function retired(session: Http2Session): void {
    if (session.isDead) sessions.delete(session);
    if (current !== session) return;
    current = undefined;
    // As grpc's keepalive document asks of a client that was told so.
    if (session.hadTooManyPings) settings = { ...settings, pingIntervalMs: settings.pingIntervalMs * 2 };
  }

  // No loop: each wait is for what is known to be under way, and what comes of it decides the attempt either way.
  async function connected(call: HttpCall): Promise<Http2Session> {
    if (current?.isOpen && current.isDoubtful) await current.verify();
    if (call.stopped) throw call.stopped;
    if (isClosed) throw networkFailure(closed);
    if (current?.isOpen) return current;
    call.step = `connecting to ${url.host}`;
    connecting ??= connect();
    const session = await connecting.wait(call);
    if (call.stopped) throw call.stopped;
    call.step = "waiting for the answer";
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
      isClosed = true;
      connecting?.end(closed);
      connecting = undefined;
      for (const session of sessions) session.end(closed);
    },
  };
}
