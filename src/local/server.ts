import { once } from "node:events";
import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2Server,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerOptions,
} from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export type Handler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const oneMebibyte = 1 << 20;

// Go's defaults, with which ZITADEL runs.
const http2Options: ServerOptions = {
  settings: { maxConcurrentStreams: 250, initialWindowSize: oneMebibyte, maxHeaderListSize: oneMebibyte },
  maxHeaderListPairs: 2000,
};
const http1Options = { maxHeaderSize: oneMebibyte, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };

// How long a connection may take to show which version of HTTP it speaks. On a busy machine a thousand at once take
// some seconds to be looked at.
const prefaceTimeoutMs = 20_000;

/**
 * Listens on one cleartext port for HTTP/1.1 and for HTTP/2 with prior knowledge.
 */
export function listenCleartext(handler: Handler, port: number, host: string): Promise<Listener> {
  const http1 = createHttp1Server(http1Options, handler);
  const http2 = createHttp2Server(http2Options, handler);
  // Neither listens: this one does, and hands each socket to the version that its first bytes ask for.
  const server = createServer({ noDelay: true }, (socket) => {
    socket.setTimeout(prefaceTimeoutMs, () => socket.destroy());
    let head = Buffer.alloc(0);
    const sniff = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        head = Buffer.concat([head, chunk]);
      }
      const start = head.toString("latin1", 0, 3);
      if (start.length < 3 && "PRI".startsWith(start)) {
        return; // POST, PUT and PATCH begin with the same letter.
      }
      socket.off("readable", sniff).removeAllListeners("timeout").setTimeout(0);
      // Back into the paused stream, where the next owner looks for it: a `data` listener would have lost it.
      socket.unshift(head);
      (start === "PRI" ? http2 : http1).emit("connection", socket);
    };
    socket.on("readable", sniff);
  });
  return listen(server, [http2], port, host);
}

/** Listens on one TLS port, where ALPN chooses between HTTP/2 and HTTP/1.1. Rejects if the certificate is none. */
export async function listenTls(
  handler: Handler,
  tls: { key: string | Uint8Array; cert: string | Uint8Array },
  port: number,
  host: string,
): Promise<Listener> {
  const server = createSecureServer(
    { ...http2Options, ...http1Options, key: Buffer.from(tls.key), cert: Buffer.from(tls.cert), allowHTTP1: true },
    handler,
  );
  return listen(server, [server], port, host);
}

async function listen(
  server: Server,
  http2Servers: { on(event: "session", listener: (session: ServerHttp2Session) => void): unknown }[],
  port: number,
  host: string,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  });
  for (const http2 of http2Servers) {
    http2.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session)).on("error", () => session.destroy());
    });
  }
  // More than Node's 511, so that a test may open a thousand connections at once.
  server.listen({ port, host, backlog: 2048 });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const session of sessions) {
        session.destroy();
      }
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}
