import { tooLargeFailure } from "../failure.js";
import { bodyFailure, type ExplainFailure } from "./fetch-failure.js";
import { concat, type HttpGuard } from "./http.js";

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

function hasReader(body: ReadableStream | undefined | null): body is ReadableStream {
  return typeof body?.getReader === "function";
}

/** Reads a body to its end, or to where it is of no use. */
export async function readBody(
  response: Response,
  guard: HttpGuard,
  origin: string,
  onReader: (reader: ReadableStreamDefaultReader) => void,
  explain: ExplainFailure | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const startBytes = guard.startBytes(response);
  let length = 0;
  const take = (value: unknown) => {
    const chunk = bytesOf(value);
    const isStart = length < startBytes && length + chunk.length >= startBytes;
    chunks.push(chunk);
    length += chunk.length;
    if (isStart) guard.checkStart(response, concat(chunks, length));
    if (length > guard.maxBodyBytes) throw tooLargeFailure(response.status);
  };
  // A mock may throw at once.
  const attempt = async <T>(read: () => Promise<T>) => {
    try {
      return await read();
    } catch (error) {
      throw bodyFailure(error, response, origin, explain);
    }
  };
  if (hasReader(response.body)) {
    const reader = response.body.getReader();
    onReader(reader);
    for (;;) {
      const { done, value } = await attempt(() => reader.read());
      if (done) break;
      take(value);
    }
  } else if (response.body !== null) {
    // Without streams, as in React Native, the limit is checked when the body is in memory.
    take(await attempt(() => response.arrayBuffer()));
  }
  return concat(chunks, length);
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
