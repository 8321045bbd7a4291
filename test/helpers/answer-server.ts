import { createServer as createHttp1Server, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Writable } from "node:stream";

/** A request as it arrived. */
export interface SeenRequest {
  /** 1 for the server's first request. */
  readonly n: number;
  /** `performance.now()` when its head arrived. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Every header field as sent, repeated ones included. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** Settles when the exchange is over: the RST_STREAM code over HTTP/2, or whether the peer left early. */
  readonly over: Promise<{ rstCode?: number; cut: boolean }>;
}

/** What to put on the wire, and when to stop. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: Uint8Array;
  /** Over HTTP/2 only. Without any, the stream ends with the last DATA frame, or with the head if there is no body. */
  readonly trailers?: Record<string, string | string[]>;
  /** Puts the trailers into the head: gRPC's Trailers-Only. */
  readonly trailersOnly?: boolean;
  /** Says nothing at all, or nothing more after the body. */
  readonly stall?: "before-head" | "after-body";
  /** Milliseconds before the head. */
  readonly delayMs?: number;
  /** Milliseconds between single bytes of the body. */
  readonly dripMs?: number;
  /** Resets the stream instead of answering. Over HTTP/2 only. */
  readonly rstCode?: number;
  /** Closes the connection instead of answering. */
  readonly hangUp?: boolean;
}

export interface AnswerServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly requests: readonly SeenRequest[];
  /** TCP connections accepted so far. */
  readonly connections: number;
  /** Bytes written to all of them. */
  readonly bytesWritten: number;
  close(): Promise<void>;
}

/**
 * A server on the loopback interface that answers each request with what the
 * test says, byte for byte. One of Node's own, so it cannot break framing below
 * HTTP; everything above is as wrong as the test wants. A protocol's name stands
 * for the HTTP version that it uses by default in Node.
 */
export async function startAnswerServer(
  version: 1 | 2 | "grpc" | "grpcWeb" | "rest",
  answer: (request: SeenRequest) => Answer | Promise<Answer>,
  port = 0,
): Promise<AnswerServer> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let connections = 0;
  let bytesWritten = 0;
  const over2 = version === 2 || version === "grpc";
  const server = over2 ? http2(requests, answer, sessions) : http1(requests, answer);
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      bytesWritten += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: boundPort } = server.address() as AddressInfo;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    baseUrl: `http://127.0.0.1:${boundPort}`,
    requests,
    get connections() {
      return connections;
    },
    get bytesWritten() {
      return [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, bytesWritten);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Handler = (request: SeenRequest) => Answer | Promise<Answer>;

function http1(requests: SeenRequest[], answer: Handler) {
  const server = createHttp1Server({ noDelay: true }, async (request, response) => {
    const at = performance.now();
    const chunks: Buffer[] = [];
    const over = new Promise<{ cut: boolean }>((resolve) =>
      response.on("close", () => resolve({ cut: !response.writableFinished })),
    );
    response.on("error", () => undefined);
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const raw = request.rawHeaders;
    const seen: SeenRequest = {
      n: requests.length + 1,
      at,
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      fields: raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] ?? ""] as const] : [])),
      body: Buffer.concat(chunks),
      over,
    };
    requests.push(seen);
    const { status = 200, headers = {}, body, stall, delayMs, dripMs, hangUp } = await answer(seen);
    if (hangUp) {
      request.socket.destroy();
      return;
    }
    if (stall === "before-head") return;
    if (delayMs) await pause(delayMs);
    response.writeHead(status, headers);
    response.flushHeaders();
    await writeBody(response, body, dripMs);
    if (stall === undefined && !response.destroyed) response.end();
  });
  return server;
}

function http2(requests: SeenRequest[], answer: Handler, sessions: Set<ServerHttp2Session>) {
  // Room for a 64 KiB status message and for 200 header fields.
  const server = createHttp2Server({ maxSendHeaderBlockLength: 1 << 20 });
  server.on("sessionError", () => undefined);
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  server.on(
    "stream",
    async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
      const at = performance.now();
      stream.on("error", () => undefined);
      const over = new Promise<{ rstCode: number; cut: boolean }>((resolve) =>
        stream.on("close", () => resolve({ rstCode: stream.rstCode ?? 0, cut: stream.aborted })),
      );
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of stream) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
      const fields = raw.flatMap((name, i, all) =>
        i % 2 === 0 ? [[name.toLowerCase(), all[i + 1] ?? ""] as const] : [],
      );
      const seen: SeenRequest = {
        n: requests.length + 1,
        at,
        method: String(headers[":method"]),
        path: String(headers[":path"]),
        headers,
        fields,
        body: Buffer.concat(chunks),
        over,
      };
      requests.push(seen);
      const given = await answer(seen);
      if (stream.destroyed) return;
      if (given.rstCode !== undefined) return stream.close(given.rstCode);
      if (given.hangUp) return stream.session?.destroy();
      if (given.stall === "before-head") return;
      if (given.delayMs) await pause(given.delayMs);
      if (stream.destroyed) return;
      const head = { ":status": given.status ?? 200, ...given.headers };
      if (given.trailersOnly) return stream.respond({ ...head, ...given.trailers }, { endStream: true });
      const { trailers, stall } = given;
      if (trailers) {
        stream.on("wantTrailers", () => {
          if (!stream.destroyed) stream.sendTrailers(trailers);
        });
      }
      stream.respond(head, { waitForTrailers: trailers !== undefined });
      await writeBody(stream, given.body, given.dripMs);
      if (stall === undefined && !stream.destroyed) stream.end();
    },
  );
  return server;
}

/** Writes no more than the peer takes, so that `bytesWritten` is about what it has taken. */
async function writeBody(to: Writable, body: Uint8Array = new Uint8Array(), dripMs = 0): Promise<void> {
  const size = dripMs ? 1 : 65_536;
  let goOn = () => {};
  to.on("drain", () => goOn());
  to.on("close", () => goOn());
  for (let at = 0; at < body.length && !to.destroyed; at += size) {
    const hasRoom = to.write(body.subarray(at, at + size));
    if (dripMs) await pause(dripMs);
    else if (!hasRoom) {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
