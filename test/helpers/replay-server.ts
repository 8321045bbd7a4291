import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { RecordedAnswer } from "./recorded-answers.js";

// Of HTTP/1.1 only.
const hopByHop = new Set(["transfer-encoding", "connection"]);

/** Two servers, of HTTP/1.1 and of HTTP/2, that answer every request with the recorded answer given last. */
export async function startReplayServer() {
  let current: RecordedAnswer | undefined;
  let asked: IncomingHttpHeaders = {};
  const http1 = createServer((request, response) => {
    asked = request.headers;
    request.resume().on("end", () => {
      const { status, headers, body } = current as RecordedAnswer;
      response.sendDate = false;
      response.writeHead(status, headers.flat()).end(body);
    });
  });
  const http2 = createHttp2Server();
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
  });
  http2.on("stream", (stream, headers) => {
    asked = headers;
    stream.on("error", () => {});
    stream.resume().on("end", () => {
      const { status, headers, body, trailers } = current as RecordedAnswer;
      const head: Record<string, string | string[]> = {};
      for (const [name, value] of headers) {
        const key = name.toLowerCase();
        if (hopByHop.has(key)) continue;
        const before = head[key];
        head[key] = before === undefined ? value : [before, value].flat();
      }
      if (trailers) stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.respond({ ":status": status, ...head }, { waitForTrailers: trailers !== undefined });
      stream.end(body);
    });
  });
  const url = async (server: typeof http1 | typeof http2) => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  return {
    urls: { 1: await url(http1), 2: await url(http2) },
    replay(answer: RecordedAnswer) {
      current = answer;
    },
    /** Headers of the last request. */
    get asked() {
      return asked;
    },
    async close() {
      http1.close();
      http1.closeAllConnections();
      http2.close();
      for (const session of sessions) session.destroy();
      await Promise.all([http1, http2].map((server) => server.listening && once(server, "close")));
    },
  };
}
