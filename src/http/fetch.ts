import { Code, ConnectError } from "@connectrpc/connect";
import { failure, tooLargeFailure } from "../failure.js";
import { concat } from "./concat.js";
import type { HttpClient, HttpGuard, HttpRequest, HttpResponse } from "./http.js";
import { type NetworkFault, networkFailure } from "./network-failure.js";

/** Reads from the cause of a failed `fetch` what went wrong, `undefined` if that cannot be told. */
export type ExplainFailure = (cause: unknown, host: string) => NetworkFault | undefined;

/**
 * An HTTP client over `fetch`, with nothing but web standards. `explain` is for runtimes that tell scripts why a
 * request failed, which browsers do not.
 */
export function createFetchClient(
  origin: string,
  customFetch: typeof fetch | undefined,
  explain?: ExplainFailure,
): HttpClient {
  return {
    hasTrailers: false,
    send(request, guard, call) {
      return new Promise((resolve, reject) => {
        const controller = new AbortController();
        let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
        // The signal alone is not enough: Node's fetch can lose it while the body comes in (nodejs/undici#3644).
        const cancel = () => {
          controller.abort();
          reader?.cancel().catch(() => {});
        };
        const stop = () => {
          cancel();
          reject(call.stopped);
        };
        call.onStop(stop);
        const onReader = (made: ReadableStreamDefaultReader<Uint8Array>) => {
          reader = made;
          if (call.stopped) cancel();
        };
        exchange(origin, customFetch ?? fetch, request, guard, controller.signal, onReader)
          .then(resolve, (thrown) => {
            const error = thrown instanceof ConnectError ? thrown : fetchFailure(thrown, origin, explain);
            cancel();
            reject(error);
          })
          .finally(() => call.offStop(stop));
      });
    },
    close() {},
  };
}

async function exchange(
  origin: string,
  send: typeof fetch,
  request: HttpRequest,
  guard: HttpGuard,
  signal: AbortSignal,
  onReader: (reader: ReadableStreamDefaultReader<Uint8Array>) => void,
): Promise<HttpResponse> {
  const response = await send(origin + request.path, {
    method: request.method,
    headers: request.headers,
    signal,
    // A redirect would carry the token, or the body, to where it leads.
    redirect: "manual",
    ...(request.body && { body: request.body }),
    ...privacy(),
  });
  if (response.type === "opaqueredirect") {
    const message = "the server redirects, which is not followed since it would carry the token along: correct baseUrl";
    throw failure(Code.Unknown, message, { reason: "redirect-refused" });
  }
  guard.checkHead(response);
  const { status, headers } = response;
  return { status, headers, body: await readBody(response, guard, onReader) };
}

// Not every runtime knows these, and workerd throws at what it does not know.
function privacy(): RequestInit {
  const wanted = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" } as const;
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => name in Request.prototype));
}

async function readBody(
  response: Response,
  guard: HttpGuard,
  onReader: (reader: ReadableStreamDefaultReader<Uint8Array>) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const take = (chunk: Uint8Array) => {
    const isStart = length < guard.startBytes && length + chunk.length >= guard.startBytes;
    chunks.push(chunk);
    length += chunk.length;
    if (isStart) guard.checkStart(response, concat(chunks, length));
    if (length > guard.maxBodyBytes) throw tooLargeFailure(response.status);
  };
  // Older React Native has no streams: there the limit is checked when the body is in memory.
  if (response.body === undefined) take(new Uint8Array(await response.arrayBuffer()));
  const reader = response.body?.getReader();
  if (reader) {
    onReader(reader);
    for (let next = await reader.read(); !next.done; next = await reader.read()) take(next.value);
  }
  return concat(chunks, length);
}

function fetchFailure(error: unknown, origin: string, explain: ExplainFailure | undefined): ConnectError {
  const { host } = new URL(origin);
  // Node says what happened in the cause of a "fetch failed"; a browser keeps it from scripts.
  const inner = (error as { cause?: unknown } | undefined)?.cause;
  const fault = explain?.(inner, host);
  if (fault) return networkFailure(fault, inner);
  const message = `no answer from ${host}: the network failed, or CORS refused the request (a browser's console tells)`;
  return networkFailure({ reason: "network-or-cors", message }, error);
}
