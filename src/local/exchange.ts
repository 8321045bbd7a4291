import { type IncomingMessage, ServerResponse } from "node:http";
import { constants, Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket } from "node:tls";

/** What HTTP carries back, whole: nothing is written before all of it is known. */
export interface Answer {
  readonly status: number;
  /** Names as Go spells them, which HTTP/1.1 shows. */
  readonly headers: Record<string, string | string[]>;
  readonly body: Uint8Array;
  /** Only where the answer ends with trailers: gRPC. */
  readonly trailers?: Record<string, string>;
}

/** An answer in plain text. */
export function textAnswer(status: number, text: string): Answer {
  const body = Buffer.from(text);
  const headers = { "Content-Type": "text/plain; charset=utf-8", "Content-Length": String(body.length) };
  return { status, headers, body };
}

/** Node's timers go off at once beyond this. */
const longestTimerMs = 2 ** 31 - 1;

/** The client is gone, so there is nobody to answer. */
export class ClientGone extends Error {}

/** One request and its answer over either version of HTTP. */
export class Exchange {
  readonly #request: IncomingMessage | Http2ServerRequest;
  readonly #response: ServerResponse | Http2ServerResponse;
  #gone: AbortController | undefined;

  constructor(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    readonly connection: number,
  ) {
    this.#request = request;
    this.#response = response;
    // A client that goes away is no fault of the server's.
    request.on("error", () => {});
    response.on("error", () => {});
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  /** Path and query, as they came. */
  get target(): string {
    return this.#request.url ?? "";
  }

  get isHttp2(): boolean {
    return this.#request instanceof Http2ServerRequest;
  }

  get isTls(): boolean {
    return "encrypted" in this.#request.socket;
  }

  /** Aborts when the client goes away before it has its answer. */
  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      this.#response.once("close", () => this.#response.writableEnded || gone.abort(new ClientGone()));
    }
    return this.#gone.signal;
  }

  get host(): string {
    return this.header(":authority") ?? this.header("host") ?? "";
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  headers(): Record<string, string> {
    const names = Object.keys(this.#request.headers).filter((name) => !name.startsWith(":"));
    return Object.fromEntries(names.map((name) => [name, this.header(name) ?? ""]));
  }

  /**
   * Reads the body until it ends or holds as many bytes as `wanted` says, which is asked with its first five.
   * What comes later is thrown away, so that a flood costs no memory.
   */
  read(wanted: (head: Uint8Array) => number): Promise<Uint8Array> {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let head = Buffer.alloc(0);
      let length = 0;
      const finish = (): void => {
        request.off("data", take).off("end", finish).off("close", leave).resume();
        resolve(Buffer.concat(chunks, length));
      };
      const leave = (): void => reject(new ClientGone());
      const take = (chunk: Uint8Array): void => {
        chunks.push(chunk);
        length += chunk.length;
        if (head.length < 5) head = Buffer.concat([head, chunk]).subarray(0, 5);
        if (length >= wanted(head)) finish();
      };
      request.on("data", take).on("end", finish).on("close", leave);
    });
  }

  /** Waits, and tells whether the client is still there afterwards. */
  wait(ms: number): Promise<boolean> {
    return sleep(Math.min(ms, longestTimerMs), true, { signal: this.signal }).catch(() => false);
  }

  send(answer: Answer): void {
    const response = this.#response;
    if (this.#writeHead(answer)) {
      if (answer.trailers) response.addTrailers(answer.trailers);
      response.end(answer.body);
    }
  }

  /** Sends the headers, for a body that will not be finished. */
  sendHead(answer: Answer): void {
    if (this.#writeHead(answer) && this.#response instanceof ServerResponse) this.#response.flushHeaders();
  }

  /** Sends part of a body that will not be finished. */
  sendPart(part: Uint8Array): Promise<void> {
    // Node aborts the process where a write of nothing is followed by a reset over HTTP/2.
    if (part.length === 0) return Promise.resolve();
    const stream: Writable = this.#response;
    return new Promise((resolve) => {
      stream.write(part, () => resolve());
    });
  }

  /** Tells whether there is still somebody to answer. */
  #writeHead(answer: Answer): boolean {
    const response = this.#response;
    if (response.destroyed || response.headersSent) return false;
    // `Date` is among the answer's headers where ZITADEL sends one.
    response.sendDate = false;
    for (const [name, value] of Object.entries(answer.headers)) {
      response.setHeader(name, value);
    }
    response.writeHead(answer.status);
    return true;
  }

  /** Breaks off: RST_STREAM over HTTP/2, a reset of the connection over HTTP/1.1. */
  reset(code: number = constants.NGHTTP2_INTERNAL_ERROR): void {
    if (this.#request instanceof Http2ServerRequest) {
      this.#request.stream.close(code);
    } else if (this.#request.socket instanceof TLSSocket) {
      // Node cannot reset those.
      this.#request.socket.destroy();
    } else {
      this.#request.socket.resetAndDestroy();
    }
  }

  /** Does not take the call: REFUSED_STREAM over HTTP/2; over HTTP/1.1 the connection closes without an answer. */
  refuse(): void {
    if (this.#request instanceof Http2ServerRequest) {
      this.#request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    } else {
      this.#request.socket.destroy();
    }
  }

  /** Ends the connection under the request, with every other request on it. */
  disconnect(): void {
    const request = this.#request;
    if (request instanceof Http2ServerRequest) {
      request.stream.session?.destroy();
    } else {
      request.socket.destroy();
    }
  }

  /**
   * GOAWAY that leaves this request out, as a server sends that is about to stop: other requests on the connection
   * are still answered. HTTP/1.1 knows nothing like it: there the connection closes without an answer.
   */
  goaway(code: number = constants.NGHTTP2_NO_ERROR): void {
    const request = this.#request;
    const session = request instanceof Http2ServerRequest ? request.stream.session : undefined;
    if (request instanceof Http2ServerRequest && session && !session.destroyed) {
      session.goaway(code, Math.max(0, (request.stream.id ?? 1) - 2));
      request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
      // The client closes the connection when its other requests are over. Closing the session here would send a
      // second GOAWAY, which since Node 24 takes this request in after all: a protocol error.
    } else {
      request.socket.destroy();
    }
  }
}
