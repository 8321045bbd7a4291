import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from "node:http2";
import { Code, type ConnectError } from "@connectrpc/connect";
import { networkFailure } from "../../failure.js";
import { userAgent } from "../../http/http.js";
import { type IncomingAnswer, parsedAnswer, plainBytes } from "../answer.js";
import {
  type HttpCall,
  type HttpFields,
  type HttpGuard,
  type HttpHead,
  type HttpRequest,
  type HttpResponse,
  ObjectFields,
} from "../http.js";
import type { Connection } from "./connection.js";
import { resetFailure } from "./faults.js";

/** Sends one request over a connection and returns its answer. Stopped by the call, it resets the stream (CANCEL). */
export function exchange(
  connection: Connection,
  request: HttpRequest,
  guard: HttpGuard,
  call: HttpCall,
): Promise<HttpResponse> {
  // Made for this one request, so that they need not be copied.
  const { headers } = request;
  headers["user-agent"] ??= userAgent;
  headers[":method"] = request.method;
  headers[":path"] = request.path;
  let stream: PendingStream;
  try {
    stream = connection.request(headers);
  } catch (cause) {
    if (cause instanceof TypeError) return Promise.reject(headerMistake(cause));
    connection.retire();
    const { fault, event } = connection.whyDead(cause);
    const repeat = fault.repeat === "never" ? "never" : "refused";
    return Promise.reject(networkFailure({ ...fault, repeat }, cause, event));
  }
  return new Promise((resolve, reject) => {
    const { bytesRead: bytesBefore, frames: framesBefore } = connection;
    const stop = () => {
      if (call.stopped?.code === Code.DeadlineExceeded) connection.suspect(framesBefore);
      fail(stream, call.stopped);
    };
    stream[pendingKey] = { connection, guard, call, resolve, reject, stop, bytesBefore };
    stream.on("response", onResponse);
    stream.on("data", onData);
    stream.on("trailers", onTrailers);
    stream.on("end", onEnd);
    stream.on("error", onError);
    stream.on("close", onClose);
    stream.end(request.body);
    call.onStop(stop);
  });
}

/** What is known of a request while it is under way. */
interface Pending {
  readonly connection: Connection;
  readonly guard: HttpGuard;
  readonly call: HttpCall;
  readonly resolve: (answer: HttpResponse) => void;
  readonly reject: (error: unknown) => void;
  readonly stop: () => void;
  /** What the connection had read when the request was made. */
  readonly bytesBefore: number;
  head?: HttpHead;
  answer?: IncomingAnswer;
  trailers?: HttpFields;
  error?: Error;
}

// Node keeps a finished stream for a while, and with it all that it reaches: kept, a request and its answer cost a
// third of a call's time in garbage collection. So they hang on the stream by one property, which is taken off, and
// the listeners are the same functions for every stream.
const pendingKey = Symbol("pending");

type PendingStream = ClientHttp2Stream & { [pendingKey]?: Pending | undefined };

function onResponse(this: PendingStream, headers: IncomingHttpHeaders, flags: number): void {
  const pending = this[pendingKey];
  if (!pending) return;
  pending.connection.frames += 1;
  pending.head = { status: Number(headers[":status"]), headers: new ObjectFields(headers) };
  try {
    pending.answer = parsedAnswer(pending.head, pending.guard);
  } catch (error) {
    fail(this, error);
  }
  // An answer of headers alone: waiting for its end would cost a turn of the event loop.
  if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) succeed(this);
}

function onData(this: PendingStream, chunk: Buffer): void {
  const pending = this[pendingKey];
  if (!pending) return;
  const { answer } = pending;
  // Deno hands out the first data before the head.
  if (!answer) return void this.once("response", () => onData.call(this, chunk));
  pending.connection.frames += 1;
  try {
    answer.take(plainBytes(chunk));
  } catch (error) {
    fail(this, error);
  }
}

function onTrailers(this: PendingStream, headers: IncomingHttpHeaders): void {
  const pending = this[pendingKey];
  if (!pending) return;
  pending.connection.frames += 1;
  pending.trailers = new ObjectFields(headers);
}

function onEnd(this: PendingStream): void {
  const pending = this[pendingKey];
  if (!pending) return;
  // Without trailers one waits for what may come after. While the request is not out, that may be nothing.
  if (pending.trailers || (this.writableLength > 0 && isWhole(this, pending))) succeed(this);
}

function onError(this: PendingStream, error: Error): void {
  const pending = this[pendingKey];
  if (pending) pending.error = error;
}

function onClose(this: PendingStream): void {
  const pending = this[pendingKey];
  if (!pending) return;
  if (isWhole(this, pending)) succeed(this);
  else fail(this, streamFailure(this, pending));
}

// What was reset has an end, too.
function isWhole(stream: PendingStream, { head, connection }: Pending): boolean {
  return head !== undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR && !connection.isDead;
}

function succeed(stream: PendingStream): void {
  const pending = settle(stream);
  if (!pending?.answer) return;
  // Answered before all of the request was taken: left open, it would count among those that the server allows.
  if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
  pending.resolve(pending.answer.whole(pending.trailers));
}

function fail(stream: PendingStream, error: unknown): void {
  const pending = settle(stream);
  if (!pending) return;
  stream.close(constants.NGHTTP2_CANCEL);
  pending.reject(error);
}

function settle(stream: PendingStream): Pending | undefined {
  const pending = stream[pendingKey];
  stream[pendingKey] = undefined;
  pending?.call.offStop(pending.stop);
  pending?.connection.finished(pending.head !== undefined);
  return pending;
}

/** The error of a stream that closed without a whole answer. */
function streamFailure(stream: PendingStream, { connection, bytesBefore, head, error }: Pending): ConnectError {
  const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
  // Node could not open it, since its numbers have run out.
  if (stream.id === undefined) connection.retire();
  const unprocessed = connection.whyUnprocessed(stream.id);
  // Once an answer began the request is committed (gRFC A6), whatever the server says later.
  if (unprocessed && !head) return networkFailure(unprocessed.fault, error ?? unprocessed.cause, unprocessed.event);
  if (code === constants.NGHTTP2_REFUSED_STREAM && !head && !connection.hadRefusal) {
    if (connection.bytesRead === bytesBefore) connection.refusedByNode();
    const message = "the server did not take the request (REFUSED_STREAM)";
    return networkFailure({ reason: "rst-refused-stream", message, repeat: "refused" }, error);
  }
  if (!connection.isDead && !unprocessed) return resetFailure(code, connection.isTls, head?.status, error);
  const { fault, cause, event } = connection.whyDead(error);
  return networkFailure(fault, cause, event);
}

// Node's own text may hold a header's value, so it is left out. The connection is as good as before.
function headerMistake({ code, message }: NodeJS.ErrnoException): TypeError {
  const name = /^HTTP\/1 Connection specific headers are forbidden: ("[\w-]+")/.exec(message)?.[1];
  return new TypeError(`${name ? `the header ${name}` : "a header"} cannot be sent over HTTP/2 (${code}): omit it`);
}
