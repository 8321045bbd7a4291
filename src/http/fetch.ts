import { Code } from "@connectrpc/connect";
import { failure } from "../failure.js";
import { type ExplainFailure, fetchFailure } from "./fetch-failure.js";
import { checkResponse, readBody } from "./fetch-response.js";
import type { HttpClient, HttpGuard, HttpRequest, HttpResponse } from "./http.js";

/**
 * An HTTP client over `fetch`, with nothing but web standards. `explain` is for runtimes that tell programs why a
 * request failed, which browsers do not. Throws a TypeError where there is no `fetch`.
 */
export function createFetchClient(
  origin: string,
  customFetch: typeof fetch | undefined,
  explain?: ExplainFailure,
): HttpClient {
  if (typeof (customFetch ?? globalThis.fetch) !== "function") {
    throw new TypeError("this runtime has no fetch: pass one as `fetch`");
  }
  const common = commonInit();
  // In a test environment, such as jsdom's, `fetch` may take no signal but those of another realm.
  let takesSignal = true;

  async function sendRequest(request: HttpRequest, signal: AbortSignal): Promise<Response> {
    // Looked up each time, since tests replace it.
    const send = customFetch ?? fetch;
    const { path, ...rest } = request;
    const init = { ...common, ...rest };
    try {
      return await send(origin + path, takesSignal ? { ...init, signal } : init);
    } catch (error) {
      if (!takesSignal || !/\bAbortSignal\b/.test((error as Error | undefined)?.message ?? "")) {
        throw fetchFailure(error, origin, explain);
      }
      takesSignal = false;
      return sendRequest(request, signal);
    }
  }

  async function exchange(
    request: HttpRequest,
    guard: HttpGuard,
    signal: AbortSignal,
    onReader: (reader: ReadableStreamDefaultReader) => void,
  ): Promise<HttpResponse> {
    const response = await sendRequest(request, signal);
    checkResponse(response);
    if (response.type === "error") throw fetchFailure(new TypeError("network error"), origin, explain);
    if (response.type === "opaqueredirect") {
      const message = "redirects are not followed, since that would carry the token elsewhere; correct baseUrl";
      throw failure(Code.Unknown, message, { reason: "redirect-refused" });
    }
    guard.checkHead(response);
    const { status, headers } = response;
    return { status, headers, body: await readBody(response, guard, origin, onReader, explain) };
  }

  return {
    hasTrailers: false,
    send(request, guard, call) {
      return new Promise((resolve, reject) => {
        const controller = new AbortController();
        let reader: ReadableStreamDefaultReader | undefined;
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
        const onReader = (made: ReadableStreamDefaultReader) => {
          reader = made;
          if (call.stopped) cancel();
        };
        exchange(request, guard, controller.signal, onReader)
          .then(resolve, (error) => {
            cancel();
            reject(error);
          })
          .finally(() => call.offStop(stop));
      });
    },
    close() {},
  };
}

// A redirect would carry the token, or the body, to where it leads. Not every runtime knows the rest, and workerd
// throws at what it does not know.
function commonInit(): RequestInit {
  const wanted = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" } as const;
  const known = Object.entries(wanted).filter(([name]) => name in (globalThis.Request?.prototype ?? {}));
  return { redirect: "manual", ...Object.fromEntries(known) };
}
