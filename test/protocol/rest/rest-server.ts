import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** One request as it came over the wire. */
export interface RestRequest {
  method: string;
  /** Path and query, with their percent-encoding. */
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface RestAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

/** An HTTP/1.1 server that keeps each request and answers what it is told, by default `{}` as JSON. */
export async function startRestServer() {
  const requests: RestRequest[] = [];
  let answer: (request: RestRequest) => RestAnswer = () => ({});
  const server = createServer(async (incoming, outgoing) => {
    const request: RestRequest = {
      method: incoming.method ?? "",
      target: incoming.url ?? "",
      headers: incoming.headers,
      body: await text(incoming),
    };
    requests.push(request);
    const { status = 200, headers = { "content-type": "application/json" }, body = "{}" } = answer(request);
    outgoing.writeHead(status, headers).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    /** Forgets the requests so far, and answers so from now on. */
    answer(next: RestAnswer | ((request: RestRequest) => RestAnswer) = {}) {
      requests.length = 0;
      answer = typeof next === "function" ? next : () => next;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
