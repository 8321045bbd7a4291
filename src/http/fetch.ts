import { IncomingAnswer, redirectFailure } from "./answer.js";
import { pageFailure, underPolicy } from "./browser.js";
import { bodyFailure, type ExplainFailure, fetchFailure } from "./fetch-failure.js";
import { checkResponse, headOf, isRedirected, readBody } from "./fetch-response.js";
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
    throw new TypeError("there is no fetch: pass a function as `fetch`");
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
      if (!takesSignal || signal.aborted || !refusesSignal(error)) throw fetchFailure(error, origin, explain);
      takesSignal = false;
      return sendRequest(request, signal);
    }
  }

  async function exchange(
    request: HttpRequest,
    guard: HttpGuard,
    signal: AbortSignal,
    onBody: (body: Cancellable | null | undefined) => void,
  ): Promise<HttpResponse> {
    const refusal = customFetch ? undefined : pageFailure(request, origin);
    if (refusal) throw refusal;
    const response = await underPolicy(origin, () => sendRequest(request, signal));
    checkResponse(response);
    onBody(response.body);
    if (response.type === "error") throw fetchFailure(new TypeError("network error"), origin, explain);
    if (isRedirected(response, origin + request.path)) throw redirectFailure();
    const answer = new IncomingAnswer(headOf(response), guard);
    await readBody(response, answer, onBody, (error) => bodyFailure(error, response, origin, explain));
    return answer.whole();
  }

  return {
    hasTrailers: false,
    // Browsers do; others ask the system's resolver, which may ask DNS.
    keepsLocalhost: globalThis.location !== undefined,
    send(request, guard, call) {
      return new Promise((resolve, reject) => {
        const controller = new AbortController();
        let body: Cancellable | null | undefined;
        // The signal alone is not enough: Node's fetch can lose it while the body comes in (nodejs/undici#3644), and
        // another one may not look at it. What `cancel` of a mock does is nobody's affair.
        const cancel = () => {
          controller.abort();
          (async () => body?.cancel?.())().catch(() => {});
        };
        const stop = () => {
          cancel();
          reject(call.stopped);
        };
        call.onStop(stop);
        const onBody = (made: Cancellable | null | undefined) => {
          body = made;
          if (call.stopped) cancel();
        };
        exchange(request, guard, controller.signal, onBody)
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

/** A body, or what reads it. */
type Cancellable = Pick<ReadableStreamDefaultReader, "cancel">;

// In the words of Node, Firefox and Chromium, which check what they are given before they send anything.
function refusesSignal(error: unknown): boolean {
  const { name, message } = (error ?? {}) as Partial<Error>;
  return name === "TypeError" && /(?:instance ?of|interface|of type|value to) ['"]?AbortSignal\b/.test(String(message));
}

// A redirect would carry the token, or the body, to where it leads. Not every runtime knows the rest, and workerd
// throws at what it does not know.
function commonInit(): RequestInit {
  const wanted = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" } as const;
  return { redirect: "manual", ...Object.fromEntries(Object.entries(wanted).filter(isTaken)) };
}

function isTaken([name, value]: [string, string]): boolean {
  try {
    if (globalThis.Request) new Request("https://host.invalid", { [name]: value });
    return true;
  } catch {
    return false;
  }
}
