import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { Code, type ConnectError } from "@connectrpc/connect";
import type { Call } from "../call.js";
import { type FailureReason, failure, tooLargeFailure } from "../errors.js";
import { product } from "../product.js";
import { concat } from "./concat.js";
import {
  type HttpClient,
  type HttpFields,
  type HttpGuard,
  type HttpHead,
  type HttpRequest,
  type HttpResponse,
  startBytes,
} from "./http.js";
import type { Http2Options } from "./http2-options.js";
import { Http2Session, type Http2Settings } from "./http2-session.js";
import { networkFailure } from "./network-failure.js";
import { notHttp2 } from "./node-network-fault.js";

/** An HTTP client over `node:http2`: one connection, made when first needed and replaced when it ends. */
export function createHttp2Client(origin: string, options: Http2Options): HttpClient {
  const url = new URL(origin);
  let settings = settingsOf(options);
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

  async function connected(call: Call): Promise<Http2Session> {
    for (;;) {
      const known = current;
      if (known?.isOpen && (!known.isDoubtful || (await known.verify())) && known.isOpen) return known;
      if (call.stopped) throw call.stopped;
      const session = current ?? dial();
      if (session.isOpen) continue;
      const leave = () => {
        session.waiting -= 1;
        // It took longer than a whole call: the next one shall not wait for it as well.
        if (current === session && call.stopped?.code === Code.DeadlineExceeded) current = undefined;
        if (session.waiting === 0) session.end({ reason: "connection-lost", message: "nobody waits any more" });
      };
      session.waiting += 1;
      call.entered(leave);
      call.step = `connecting to ${url.host}`;
      const end = await session.ready;
      call.step = "waiting for the answer";
      call.left(leave);
      if (call.stopped) throw call.stopped;
      session.waiting -= 1;
      if (end) throw networkFailure(end.fault, end.cause);
      if (session.isOpen) return session;
    }
  }

  return {
    hasTrailers: true,
    send(request, guard, call) {
      if (current?.isOpen && !current.isDoubtful) return exchange(current, request, guard, call);
      return new Promise((resolve, reject) => {
        const stop = () => reject(call.stopped);
        call.entered(stop);
        connected(call)
          .finally(() => call.left(stop))
          .then((session) => exchange(session, request, guard, call))
          .then(resolve, reject);
      });
    },
    close() {
      for (const session of sessions) session.end({ reason: "connection-lost", message: "the client was closed" });
    },
  };
}

function settingsOf(options: Http2Options): Http2Settings {
  const { connectTimeoutMs = 5_000, pingIntervalMs = 30_000, pingTimeoutMs = 5_000, idleTimeoutMs = 50_000 } = options;
  const durations = { connectTimeoutMs, pingTimeoutMs, idleTimeoutMs, pingIntervalMs: pingIntervalMs || 3_600_000 };
  for (const [name, value] of Object.entries(durations)) {
    if (!(value >= 1 && value <= 3_600_000)) {
      throw new RangeError(`http2.${name} must be 1 to 3600000 milliseconds, got ${value}`);
    }
  }
  return {
    ...durations,
    pingIntervalMs: pingIntervalMs === false ? Number.POSITIVE_INFINITY : pingIntervalMs,
    tls: options.tls,
    createConnection: options.createConnection,
  };
}

function exchange(session: Http2Session, request: HttpRequest, guard: HttpGuard, call: Call): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let stream: ClientHttp2Stream;
    try {
      stream = session.request({
        ":method": request.method,
        ":path": request.path,
        "user-agent": product,
        ...request.headers,
      });
    } catch (cause) {
      session.retire();
      reject(networkFailure({ ...session.whyDead(cause).fault, repeat: "refused" }, cause));
      return;
    }
    const bytesBefore = session.bytesRead;
    let head: HttpHead | undefined;
    let trailers: HttpFields | undefined;
    let chunks: Uint8Array[] = [];
    let length = 0;
    let streamError: Error | undefined;
    let settled = false;

    // Node keeps a finished stream for a while, and with it all that its listeners reach: so it lets go of the chunks.
    const settle = (isAnswered: boolean) => {
      settled = true;
      chunks = [];
      call.left(stop);
      session.left(isAnswered);
    };
    const fail = (error: ConnectError | undefined) => {
      settle(head !== undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      reject(error);
    };
    const succeed = () => {
      const body = concat(chunks, length);
      settle(true);
      resolve({ ...(head as HttpHead), body, trailers });
    };
    const stop = () => {
      if (call.stopped?.code === Code.DeadlineExceeded && session.bytesRead === bytesBefore) session.suspect();
      fail(call.stopped);
    };
    const check = (start?: Uint8Array) => {
      try {
        guard.check(head as HttpHead, start);
      } catch (error) {
        fail(error as ConnectError);
      }
    };
    stream.on("response", (headers, flags) => {
      if (settled) return;
      head = { status: headers[":status"] ?? 0, headers: new Http2Fields(headers) };
      check();
      // An answer of headers alone: waiting for its end would cost a turn of the event loop.
      if (!settled && flags & constants.NGHTTP2_FLAG_END_STREAM) succeed();
    });
    stream.on("data", (buffer: Buffer) => {
      if (settled) return;
      // A plain view: protobuf reads a Buffer's fields more slowly.
      const chunk = new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
      const isStart = length < startBytes && length + chunk.length >= startBytes;
      chunks.push(chunk);
      length += chunk.length;
      if (isStart) check(concat(chunks, length));
      if (!settled && length > guard.maxBodyBytes) fail(tooLargeFailure(head?.status ?? 0));
    });
    stream.on("trailers", (headers) => {
      trailers = new Http2Fields(headers);
    });
    stream.on("end", () => {
      // Without trailers it may be the end of a stream that was reset: that is known when it closes.
      if (!settled && trailers) succeed();
    });
    stream.on("error", (error: Error) => {
      streamError = error;
    });
    stream.on("close", () => {
      if (settled) return;
      if (head && stream.rstCode === constants.NGHTTP2_NO_ERROR && !session.isDead) succeed();
      else fail(streamFailure(session, stream, head, streamError));
    });
    call.entered(stop);
    if (!settled) stream.end(request.body);
  });
}

// The table of gRPC's PROTOCOL-HTTP2, "Errors", for every protocol.
function streamFailure(
  session: Http2Session,
  stream: ClientHttp2Stream,
  head: HttpHead | undefined,
  cause: Error | undefined,
): ConnectError {
  const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
  if (code === constants.NGHTTP2_REFUSED_STREAM || session.isUnprocessed(stream.id)) {
    const message = "the server did not take the request (REFUSED_STREAM or GOAWAY)";
    return networkFailure({ reason: "rst-refused-stream", message, repeat: "refused" }, cause);
  }
  if (session.isDead) {
    const end = session.whyDead(cause);
    return networkFailure(end.fault, end.cause);
  }
  const name = resetNames[code] ?? `code-${code}`;
  const reason: FailureReason = `rst-${name}`;
  const message = `the server reset the stream (${name})`;
  const note = { reason, ...(head && { httpStatus: head.status }) };
  switch (code) {
    case constants.NGHTTP2_NO_ERROR:
      return networkFailure({ reason, message: `${message} without an answer` }, cause);
    case constants.NGHTTP2_CANCEL:
      return failure(Code.Canceled, message, { ...note, fromServer: true }, { cause });
    case constants.NGHTTP2_ENHANCE_YOUR_CALM:
      return failure(Code.ResourceExhausted, message, note, { cause });
    case constants.NGHTTP2_INADEQUATE_SECURITY:
      return failure(Code.PermissionDenied, message, note, { cause });
    case constants.NGHTTP2_HTTP_1_1_REQUIRED:
      return networkFailure(notHttp2("the server"), cause);
    default:
      return failure(Code.Internal, message, note, { cause });
  }
}

// RFC 9113 §7.
const resetNames = [
  "no-error",
  "protocol-error",
  "internal-error",
  "flow-control-error",
  "settings-timeout",
  "stream-closed",
  "frame-size-error",
  "refused-stream",
  "cancel",
  "compression-error",
  "connect-error",
  "enhance-your-calm",
  "inadequate-security",
  "http-1-1-required",
];

class Http2Fields implements HttpFields {
  readonly #fields: IncomingHttpHeaders;

  constructor(fields: IncomingHttpHeaders) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const value: unknown = this.#fields[name];
    return value === undefined ? null : String(value);
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of Object.entries(this.#fields)) visit(String(value), name);
  }
}
