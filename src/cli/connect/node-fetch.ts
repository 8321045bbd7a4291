import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { createAgent, type Route } from "./agent.js";

/**
 * Makes a `fetch` that trusts certificates and takes proxies, which Node's own cannot be told. For what the library
 * sends: a method, headers, a body of bytes and a signal. Follows no redirects, as the library asks for.
 */
export function createNodeFetch(route: Route): typeof fetch {
  const agent = createAgent(route, true);
  const request = route.isTls ? requestHttps : requestHttp;
  return (url, init = {}) =>
    new Promise((resolve, reject) => {
      const { method = "GET", body, signal } = init;
      const headers = Object.fromEntries(new Headers(init.headers));
      const sent = request(new URL(String(url)), { method, headers, agent, ...(signal && { signal }) }, (answer) => {
        try {
          resolve(toResponse(answer));
        } catch (error) {
          answer.destroy();
          reject(error);
        }
      });
      // As fetch does it: why is in the cause.
      sent.on("error", (cause) => reject(new TypeError("fetch failed", { cause: withoutPacket(cause) })));
      sent.end(body as Uint8Array | undefined);
    });
}

// What a server that does not speak HTTP sent may be our request, token and all. Named as fetch names it.
function withoutPacket(error: NodeJS.ErrnoException): Error {
  if (!error.code?.startsWith("HPE_")) return error;
  return Object.assign(new Error(error.message), { name: "HTTPParserError", code: error.code });
}

function toResponse(answer: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(answer.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const status = answer.statusCode ?? 0;
  const isEmpty = status === 204 || status === 205 || status === 304;
  const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>);
  return new Response(body, { status, headers });
}
