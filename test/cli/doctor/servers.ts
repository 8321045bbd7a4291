import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach } from "@jest/globals";
import { certificate } from "../../helpers/certificate.js";

const running: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of running.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
});

/** Lets a server listen until the test ends, and gives its port. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  running.push({ server, sockets });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server that does with a connection whatever the test wants. */
export async function startTcp(onConnection: (socket: Socket) => void): Promise<number> {
  return await listen(createServer(onConnection));
}

/** A server that speaks only HTTP/1.1. Its URL. */
export async function startHttp1(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createHttpServer(listener))}`;
}

/**
 * What lets HTTP/1.1 pass to another server, and answers every HTTP/2 request with a status and a page of its own, as
 * firewalls and CDNs do that do not know gRPC. Its URL.
 */
export async function startGrpcRefuser(target: string, status: number): Promise<string> {
  const { port, hostname: host } = new URL(target);
  const http2 = createHttp2Server((_request, response) => {
    response.writeHead(status, { "content-type": "text/html" }).end("<html>Forbidden</html>");
  });
  const server = createServer((socket) => {
    socket.once("readable", () => {
      const start = socket.read() as Buffer | null;
      if (!start) return;
      socket.unshift(start);
      if (start.toString("latin1").startsWith("PRI")) {
        http2.emit("connection", socket);
        return;
      }
      const upstream = connect(Number(port), host);
      upstream.on("error", () => socket.destroy());
      socket.pipe(upstream).pipe(socket);
    });
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

/** A server with one of the certificates for tests, that is well and nothing else. Its URL. */
export async function startWithCertificate(name: Parameters<typeof certificate>[0]): Promise<string> {
  const server = createHttpsServer(certificate(name), (_request, response) => void response.end("ok"));
  return `https://localhost:${await listen(server)}`;
}

/**
 * A proxy that speaks only HTTP/1.1, in front of another server. What `answer` answers itself, by returning true, it
 * does not pass on; `change` changes the headers of answers on their way back.
 */
export async function startProxy(
  target: string,
  {
    answer,
    change,
  }: {
    answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
    change?: (headers: IncomingMessage["headers"]) => void;
  } = {},
): Promise<string> {
  return await startHttp1((incoming, outgoing) => {
    if (answer?.(incoming, outgoing)) return;
    const { method, headers } = incoming;
    const passed = request(new URL(incoming.url ?? "/", target), { method, headers, agent: false }, (response) => {
      change?.(response.headers);
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
}
