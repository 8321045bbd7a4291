import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { Readable } from "node:stream";

/**
 * `fetch` that trusts the given certificates, which Node's own cannot be told. For what the library sends: a method,
 * headers, a body of bytes and a signal. Follows no redirects, as the library asks for.
 */
export function httpsFetch(ca: string, url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method = "GET", body, signal } = init;
    const headers = Object.fromEntries(new Headers(init.headers));
    const options = { method, headers, ca, rejectUnauthorized: true, ...(signal && { signal }) };
    const sent = request(new URL(String(url)), options, (answer) => {
      try {
        resolve(toResponse(answer));
      } catch (error) {
        answer.destroy();
        reject(error);
      }
    });
    // As fetch does it: why is in the cause.
    sent.on("error", (cause) => reject(new TypeError("fetch failed", { cause })));
    sent.end(body as Uint8Array | undefined);
  });
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
