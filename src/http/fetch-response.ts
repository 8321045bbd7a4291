import { Code } from "@connectrpc/connect";
import { failure, textOf } from "../failure.js";
import type { IncomingAnswer } from "./answer.js";
import type { HttpHead } from "./http.js";

/** Throws a TypeError for what no `fetch` returns: a mock that is not quite one. */
export function checkResponse(response: unknown): asserts response is Response {
  const { status, headers, body, bodyUsed, arrayBuffer } = (response ?? {}) as Partial<Response>;
  const isReadable = body === null || hasReader(body) || typeof arrayBuffer === "function";
  const hasFields = typeof headers?.get === "function" && typeof headers.forEach === "function";
  if (typeof status !== "number" || !hasFields || !isReadable) {
    const got = response === null ? "null" : typeof response;
    throw new TypeError(`fetch must return a Response, with status, headers and body; got ${got}`);
  }
  if (bodyUsed || body?.locked) {
    throw new TypeError("fetch returned a Response that was read before: make a new one for each call");
  }
}

/** The head of a Response. Its headers may throw: those of SvelteKit's `event.fetch` do, and say which option helps. */
export function headOf({ status, headers }: Response): HttpHead {
  return {
    status,
    headers: {
      get(name) {
        try {
          return headers.get(name);
        } catch (error) {
          const message = `fetch hides the answer's headers: ${textOf(error, "message")}`;
          throw failure(Code.Unknown, message, { reason: "bad-http", httpStatus: status }, { cause: error });
        }
      },
      forEach: (visit) => headers.forEach(visit),
    },
  };
}

/**
 * Whether a Response comes from elsewhere than it was asked for. Not every `fetch` heeds `redirect`, and that of React
 * Native and of older test environments, whatwg-fetch, does not tell either.
 */
export function isRedirected({ type, redirected, url }: Response, asked: string): boolean {
  return type === "opaqueredirect" || redirected || (!!url && new URL(url, asked).href !== new URL(asked).href);
}

function hasReader(body: ReadableStream | undefined | null): body is ReadableStream {
  return typeof body?.getReader === "function";
}

/** Reads a body into an answer, to its end or to where it is of no use. */
export async function readBody(
  response: Response,
  answer: IncomingAnswer,
  onReader: (reader: ReadableStreamDefaultReader) => void,
  failureOf: (error: unknown) => unknown,
): Promise<void> {
  // A mock may throw at once.
  const attempt = async <T>(read: () => Promise<T>) => {
    try {
      return await read();
    } catch (error) {
      throw failureOf(error);
    }
  };
  if (hasReader(response.body)) {
    const reader = response.body.getReader();
    onReader(reader);
    for (;;) {
      const { done, value } = await attempt(() => reader.read());
      if (done) break;
      answer.take(bytesOf(value));
    }
  } else if (response.body !== null) {
    // Without streams, as in React Native, the limit is checked when the body is in memory.
    answer.take(bytesOf(await attempt(() => response.arrayBuffer())));
  }
}

// A body that a program made of a stream has the chunks that were put into it.
function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (Object.prototype.toString.call(chunk) === "[object ArrayBuffer]") return new Uint8Array(chunk as ArrayBuffer);
  throw new TypeError(
    `the body of fetch's Response must be made of Uint8Array, but has a chunk that is ${typeof chunk}`,
  );
}
