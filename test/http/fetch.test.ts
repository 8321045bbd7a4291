import { Readable } from "node:stream";
import { inspect } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type Attempt, createAuthClient, getErrorInfo, grpcWeb, rest, type TransportOptions } from "../../src/web.js";
import { jsonAnswer, listJson, okAnswer } from "../faults/answers.js";
import { collectStray } from "../faults/fault-row.js";
import { startAnswerServer } from "../helpers/answer-server.js";

const ok = () => new Response(listJson, { headers: { "content-type": "application/json" } });

/** Lists over REST through a `fetch` of the test's, and tells how often that was called. */
async function list(fake: (...args: Parameters<typeof fetch>) => unknown, options: Partial<TransportOptions> = {}) {
  let calls = 0;
  const auth = createAuthClient({
    baseUrl: "https://zitadel.example",
    token: "a-token",
    protocol: rest,
    retry: { initialBackoffMs: 1 },
    fetch: (...args) => {
      calls += 1;
      return fake(...args) as Promise<Response>;
    },
    ...options,
  });
  const settled = await auth.listMyRefreshTokens({}).then(
    ({ result }) => ({ result }),
    (error: unknown) => ({ error }),
  );
  return { calls, ...settled } as { calls: number; error?: unknown; result?: unknown[] };
}

describe("what a fetch must not return is a TypeError", () => {
  const used = ok();
  used.text();
  const locked = ok();
  locked.body?.getReader();
  for (const [name, returned, message] of [
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a text", "{}", "string"],
    ["a plain object", { ok: true, json: async () => ({}) }, "object"],
    [
      "an object with plain headers",
      { status: 200, headers: {}, arrayBuffer: async () => new ArrayBuffer(0) },
      "object",
    ],
    ["an object without a body", { status: 200, headers: new Headers() }, "object"],
    ["an object with a text for its body", { status: 200, headers: new Headers(), body: "{}" }, "object"],
    ["a Response that was read", used, "read before"],
    ["a Response that someone reads", locked, "read before"],
  ] as const) {
    test(name, async () => {
      const { calls, error } = await list(async () => returned);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toMatch(new RegExp(`^fetch (must return a Response|returned).*${message}`));
      expect(calls).toBe(1);
    });
  }

  test("one Response for two calls", async () => {
    const response = ok();
    expect(await list(async () => response)).toMatchObject({ calls: 1, result: [{}] });
    expect((await list(async () => response)).error).toBeInstanceOf(TypeError);
  });

  test("a body of texts", async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue("{}") });
    const { calls, error } = await list(async () => new Response(body, ok()));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/must be made of Uint8Array, but has a chunk that is string$/);
    expect(calls).toBe(1);
  });
});

describe("what a fetch throws", () => {
  for (const thrown of [
    new TypeError("response.foo is not a function"),
    new TypeError("Cannot read properties of undefined (reading 'fetch')"),
    new RangeError("too far"),
    new ReferenceError("networkClient is not defined"),
    new TypeError("network.get is not a function"),
    new RangeError("Network request too large"),
    new Error("boom"),
    new DOMException("The operation was aborted.", "AbortError"),
    "a text",
    undefined,
  ]) {
    for (const [how, fake] of [
      ["throws", () => Promise.reject(thrown)],
      [
        "throws at once",
        () => {
          throw thrown;
        },
      ],
    ] as const) {
      test(`${thrown} rejects the call as it is, and is not repeated, where it ${how}`, async () => {
        const before = inspect(thrown);
        const codes: (Code | undefined)[] = [];
        const onAttempt = ({ code }: Attempt) => codes.push(code);
        const { calls, error } = await list(fake, { onAttempt });
        expect(Object.is(error, thrown)).toBe(true);
        expect(inspect(thrown)).toBe(before);
        const isObject = Object(thrown) === thrown;
        expect(getErrorInfo(error)).toEqual(isObject ? { reason: "bad-http", attempts: 1 } : { attempts: 0 });
        expect(calls).toBe(1);
        expect(codes).toEqual([Code.Unknown]);
      });
    }
  }

  for (const [runtime, text] of [
    ["Chromium", "Failed to fetch"],
    ["Firefox", "NetworkError when attempting to fetch resource."],
    ["Safari", "Load failed"],
    ["Safari", "The network connection was lost."],
    ["Safari", "The Internet connection appears to be offline."],
    ["Safari", "Could not connect to the server."],
    ["Safari", "A server with the specified hostname could not be found."],
    ["Safari", "The request timed out."],
    ["Safari", "An SSL error has occurred and a secure connection to the server cannot be made."],
    ["Safari", "Origin https://app.example is not allowed by Access-Control-Allow-Origin. Status code: 200"],
    ["Electron", "net::ERR_CONNECTION_REFUSED"],
    ["Node", "fetch failed"],
    ["React Native", "Network request failed"],
    ["workerd", "Network connection lost."],
    ["Deno", "error sending request for url (https://zitadel.example/)"],
    ["Bun", "Unable to connect. Is the computer able to access the url?"],
  ] as const) {
    test(`"${text}", as ${runtime} says it, is the network, and repeated`, async () => {
      const { calls, error } = await list(async () => {
        throw new TypeError(text);
      });
      expect((error as ConnectError).code).toBe(Code.Unavailable);
      expect(getErrorInfo(error)).toMatchObject({ reason: "network-or-cors", attempts: 4 });
      expect(calls).toBe(4);
    });
  }

  test("what Tauri throws, a text, is the network too", async () => {
    const { calls, error } = await list(() =>
      Promise.reject("error sending request for url (https://zitadel.example/)"),
    );
    expect(getErrorInfo(error)).toMatchObject({ reason: "network-or-cors", attempts: 4 });
    expect(calls).toBe(4);
  });

  test("an error that is called NetworkError is the network's, whatever it says", async () => {
    const { error } = await list(() => Promise.reject(new DOMException("odd words", "NetworkError")));
    expect(getErrorInfo(error)).toMatchObject({ reason: "network-or-cors", attempts: 4 });
  });

  test("Response.error() is the network as well", async () => {
    const { calls, error } = await list(async () => Response.error());
    expect(getErrorInfo(error)).toMatchObject({ reason: "network-or-cors", attempts: 4 });
    expect(calls).toBe(4);
  });

  test("a Response with HTTP status 0 is told so", async () => {
    const { headers } = ok();
    const { calls, error } = await list(async () => ({ status: 0, headers, body: null, type: "opaque" }));
    expect((error as ConnectError).code).toBe(Code.Unknown);
    expect((error as ConnectError).message).toBe("[unknown] the server sent 0 for its HTTP status");
    expect(getErrorInfo(error).reason).toBe("bad-http");
    expect(getErrorInfo(error)).not.toHaveProperty("httpStatus");
    expect(calls).toBe(1);
  });

  test("a cause that says more takes the place of the guess at CORS", async () => {
    const { error } = await list(async () => {
      throw new TypeError("fetch failed", { cause: new Error("bad port") });
    });
    expect((error as Error).message).toBe("[unavailable] no answer from zitadel.example: bad port");
  });
});

describe("a fetch that takes only signals of another realm", () => {
  const foreign = (inner: typeof fetch) =>
    (async (input, init) => {
      if (init?.signal)
        throw new TypeError('RequestInit: Expected signal ("AbortSignal {}") to be an instance of AbortSignal.');
      return inner(input, init);
    }) as typeof fetch;

  test("works", async () => {
    await using server = await startAnswerServer(1, () => okAnswer("rest"));
    const { calls, result } = await list(foreign(fetch), { baseUrl: server.baseUrl });
    expect(result).toHaveLength(1);
    expect(calls).toBe(2);
    expect(server.requests).toHaveLength(1);
  });

  for (const [name, error] of [
    ["any error that speaks of it", new Error("the AbortSignal was lost in a wrapper")],
    ["a mistake that speaks of it", new TypeError("AbortSignal.any is not a function")],
  ] as const) {
    test(`is not what ${name} tells`, async () => {
      const { calls } = await list(() => Promise.reject(error), { retry: false });
      expect(calls).toBe(1);
    });
  }

  test("is not asked again when the call is over", async () => {
    let calls = 0;
    const controller = new AbortController();
    const fake = () => {
      calls += 1;
      controller.abort();
      throw new TypeError("Expected signal to be an instance of AbortSignal");
    };
    const auth = createAuthClient({ baseUrl: "https://zitadel.example", protocol: rest, fetch: fake });
    const call = auth.revokeMyRefreshToken({ id: "1" }, { signal: controller.signal });
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(calls).toBe(1);
  });

  test("is not tried with ours again, and a call through it can be canceled", async () => {
    await using server = await startAnswerServer(1, () => ({ stall: "before-head" }));
    let calls = 0;
    const fake = foreign((...args) => {
      calls += 1;
      return fetch(...args);
    });
    const auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest, fetch: fake });
    for (let call = 0; call < 2; call++) {
      const error = await auth.listMyRefreshTokens({}, { signal: AbortSignal.timeout(20) }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: Code.DeadlineExceeded });
    }
    expect(calls).toBe(2);
  });
});

describe("a body", () => {
  const chunked = (chunks: unknown[]) => {
    const body = new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    return async () => new Response(body, ok());
  };
  const bytes = new TextEncoder().encode(listJson);

  for (const [name, chunks] of [
    ["ArrayBuffers", [bytes.slice(0, 10).buffer, bytes.slice(10).buffer]],
    ["DataViews", [new DataView(bytes.buffer, 0, 10), new DataView(bytes.buffer, 10)]],
  ] as const) {
    test(`of ${name} is read`, async () => {
      expect((await list(chunked([...chunks]))).result).toHaveLength(1);
    });
  }

  test("of ArrayBuffers is held to the limit", async () => {
    const { error } = await list(chunked(Array.from({ length: 10 }, () => new ArrayBuffer(200))), {
      maxResponseBytes: 1000,
    });
    expect(getErrorInfo(error).reason).toBe("response-too-large");
  });

  test("that is a stream of Node's, as node-fetch has it, is read", async () => {
    const { status, headers } = ok();
    const { result } = await list(async () => ({
      status,
      headers,
      body: Readable.from([bytes]),
      arrayBuffer: async () => bytes.buffer,
    }));
    expect(result).toHaveLength(1);
  });

  for (const [name, parts] of [
    [
      "whose reading throws at once",
      {
        arrayBuffer() {
          throw new ReferenceError("buffer is not defined");
        },
      },
    ],
    ["whose program breaks", { body: new ReadableStream({ pull: () => Promise.reject(new RangeError("too far")) }) }],
  ] as const) {
    test(`${name} rejects the call with what was thrown, and is not repeated`, async () => {
      const { status, headers } = ok();
      const { calls, error } = await list(async () => ({ status, headers, ...parts }));
      expect(String(error)).toMatch(/^(?:ReferenceError: buffer is not defined|RangeError: too far)$/);
      expect(getErrorInfo(error)).toMatchObject({ reason: "bad-http", attempts: 1 });
      expect(calls).toBe(1);
    });
  }

  for (const [name, cancel] of [
    ["returns nothing", () => undefined],
    ["is not there", undefined],
    [
      "throws",
      () => {
        throw new Error("cannot be canceled");
      },
    ],
  ] as const) {
    test(`whose cancel ${name} does no harm when the answer is refused`, async () => {
      const stray = collectStray();
      const { status, headers } = ok();
      const reader = { read: async () => ({ done: false, value: new Uint8Array(200) }), cancel };
      const fake = async () => ({ status, headers, body: { getReader: () => reader } });
      const { error } = await list(fake, { maxResponseBytes: 100 });
      expect(getErrorInfo(error).reason).toBe("response-too-large");
      await new Promise((resolve) => setTimeout(resolve, 10));
      stray.stop();
      expect(stray.seen).toEqual([]);
    });
  }

  test("that is refused by its head is let go of where fetch takes no signal", async () => {
    let isCanceled = false;
    const body = new ReadableStream({
      cancel() {
        isCanceled = true;
      },
    });
    const page = new Response(body, { headers: { "content-type": "text/html" } });
    const { error } = await list(async () => page);
    expect(getErrorInfo(error).reason).toBe("unexpected-content-type");
    expect(isCanceled).toBe(true);
  });

  test("that breaks is a connection that was lost, not CORS", async () => {
    const broken = () => new ReadableStream({ pull: (controller) => controller.error(new TypeError("network error")) });
    const { error } = await list(async () => new Response(broken(), ok()));
    expect((error as ConnectError).code).toBe(Code.Unavailable);
    expect(getErrorInfo(error).reason).toBe("connection-lost");
  });

  const damaged = (data: Buffer) => data.fill(0xff, 2, 20);
  for (const [encoding, data] of [
    ["gzip", damaged(gzipSync(listJson))],
    ["gzip", Buffer.from(listJson)],
    ["br", damaged(brotliCompressSync(listJson))],
    ["deflate", Buffer.from(listJson)],
  ] as const) {
    for (const protocol of [rest, grpcWeb]) {
      test(`whose ${encoding} is damaged (${data.length} bytes) is told so over ${protocol.name}, and not repeated`, async () => {
        const answer = protocol === rest ? jsonAnswer(data) : { ...okAnswer("grpcWeb"), body: data };
        const headers = { ...answer.headers, "content-encoding": encoding };
        await using server = await startAnswerServer(1, () => ({ ...answer, headers }));
        const { calls, error } = await list(fetch, { baseUrl: server.baseUrl, protocol });
        expect((error as ConnectError).code).toBe(Code.Internal);
        expect((error as Error).message).toContain(encoding);
        expect(getErrorInfo(error)).toMatchObject({ reason: "decompress", attempts: 1, httpStatus: 200 });
        expect(calls).toBe(1);
      });
    }
  }
});

test("an answer that fetch was redirected to is refused, whatever it says", async () => {
  await using other = await startAnswerServer(1, () => okAnswer("rest"));
  await using server = await startAnswerServer(1, () => ({ status: 302, headers: { location: other.baseUrl } }));
  const followed: typeof fetch = (url, init) => fetch(url, { ...init, redirect: "follow" });
  const { calls, error } = await list(followed, { baseUrl: server.baseUrl });
  expect(getErrorInfo(error)).toMatchObject({ reason: "redirect-refused", attempts: 1 });
  expect(calls).toBe(1);
});

test("one that says only that it was redirected is refused, too", async () => {
  const { error } = await list(async () => Object.defineProperty(ok(), "redirected", { value: true }));
  expect(getErrorInfo(error)).toMatchObject({ reason: "redirect-refused", attempts: 1 });
});

describe("an answer whose url", () => {
  const at = (url: string) => async () => Object.defineProperty(ok(), "url", { value: url });
  const path = "/auth/v1/users/me/tokens/refresh/_search";

  // whatwg-fetch follows redirects whatever it is told, and does not say that it did.
  for (const url of [
    `https://other.example${path}`,
    "https://zitadel.example/moved",
    `http://zitadel.example${path}`,
    `https://zitadel.example${path}?code=1`,
  ]) {
    test(`is ${url} is refused like one that was redirected`, async () => {
      const { calls, error } = await list(at(url));
      expect(getErrorInfo(error)).toMatchObject({ reason: "redirect-refused", attempts: 1 });
      expect((error as ConnectError).code).toBe(Code.Unknown);
      expect(calls).toBe(1);
    });
  }

  for (const url of ["", `https://zitadel.example${path}`, `https://ZITADEL.example:443${path}`, path]) {
    test(`is "${url}" is the one that was asked for`, async () => {
      expect(await list(at(url))).toMatchObject({ calls: 1, result: [{}] });
    });
  }
});

test("headers that throw, as those of SvelteKit's event.fetch do, are told with what they say", async () => {
  const said =
    'Failed to get response header "content-type" — it must be included by the `filterSerializedResponseHeaders` option';
  const { calls, error } = await list(async () => {
    const response = ok();
    response.headers.get = () => {
      throw new Error(said);
    };
    return response;
  });
  expect(error).toBeInstanceOf(ConnectError);
  expect((error as Error).message).toBe(`[unknown] fetch hides the answer's headers: ${said}`);
  expect(getErrorInfo(error)).toMatchObject({ reason: "bad-http", attempts: 1, httpStatus: 200 });
  expect(calls).toBe(1);
});

describe("CapacitorHttp, which makes text of bytes", () => {
  const { fetch: original } = globalThis;
  const restored = () => {
    globalThis.fetch = original;
    for (const name of ["CapacitorWebFetch", "location"]) Reflect.deleteProperty(globalThis, name);
  };
  afterEach(restored);

  /** As @capacitor/android 8.5 patches fetch, in its native-bridge.js. */
  function patch(): { calls: number } {
    const seen = { calls: 0 };
    const patched: typeof fetch = async (resource, options) => {
      seen.calls += 1;
      const response = await original(resource, options);
      const text = new TextDecoder().decode(await response.arrayBuffer());
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      const { headers, status } = response;
      const made = new Response(isJson ? JSON.stringify(JSON.parse(text)) : text, { headers, status });
      return Object.defineProperty(made, "url", { value: response.url });
    };
    Object.assign(globalThis, { CapacitorWebFetch: original, fetch: patched });
    return seen;
  }
  const client = (baseUrl: string, options: Partial<TransportOptions>) =>
    createAuthClient({ baseUrl, token: "a-token", ...options });

  test("is not given gRPC-Web, and the remedy is told", async () => {
    await using server = await startAnswerServer(1, () => okAnswer("grpcWeb"));
    const seen = patch();
    const error = await client(server.baseUrl, {})
      .listMyRefreshTokens({})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: Code.Unknown,
      message: expect.stringMatching(/pass `fetch: CapacitorWebFetch`/),
    });
    expect(getErrorInfo(error)).toMatchObject({ reason: "bad-http" });
    expect(seen.calls).toBe(0);
    const { result } = await client(server.baseUrl, { fetch: original }).listMyRefreshTokens({});
    expect(result).toHaveLength(1);
  });

  test("carries REST, and gRPC-Web to the app's own origin, which it leaves alone", async () => {
    await using server = await startAnswerServer(1, ({ path }) =>
      okAnswer(path.startsWith("/auth/") ? "rest" : "grpcWeb"),
    );
    patch();
    expect((await client(server.baseUrl, { protocol: rest }).listMyRefreshTokens({})).result).toHaveLength(1);
    globalThis.fetch = (...args) => original(...args);
    Object.assign(globalThis, { location: { origin: server.baseUrl, href: server.baseUrl } });
    expect((await client(server.baseUrl, {}).listMyRefreshTokens({})).result).toHaveLength(1);
  });
});

describe("what fetch is told", () => {
  const { Request } = globalThis;
  afterEach(() => {
    globalThis.Request = Request;
  });

  async function told(replacement: unknown): Promise<RequestInit> {
    globalThis.Request = replacement as typeof Request;
    let init: RequestInit = {};
    await list(async (_, given = {}) => {
      init = given;
      return ok();
    });
    return init;
  }

  for (const [name, replacement] of [
    ["has its fields on the instance, as in React Native", function Request() {}],
    ["is not there", undefined],
  ] as const) {
    test(`is to send no cookie and no referrer where Request ${name}`, async () => {
      const wanted = { credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", redirect: "manual" };
      expect(await told(replacement)).toMatchObject(wanted);
    });
  }

  test("leaves out what Request throws at, as in workerd", async () => {
    function Picky(_: string, init: RequestInit) {
      if ("credentials" in init) throw new Error("The 'credentials' field is not implemented.");
    }
    const init = await told(Picky);
    expect(init).toMatchObject({ cache: "no-store", redirect: "manual" });
    expect(init).not.toHaveProperty("credentials");
  });
});

test("a fetch that is no function is a TypeError when the client is made", () => {
  const options = { baseUrl: "https://zitadel.example", fetch: {} as typeof fetch };
  expect(() => createAuthClient(options)).toThrow(/pass a function as `fetch`/);
});

describe("a runtime without fetch", () => {
  const { fetch } = globalThis;
  afterEach(() => {
    globalThis.fetch = fetch;
  });

  test("is a TypeError when the client is made", () => {
    Reflect.deleteProperty(globalThis, "fetch");
    expect(() => createAuthClient({ baseUrl: "https://zitadel.example" })).toThrow(
      new TypeError("there is no fetch: pass a function as `fetch`"),
    );
    createAuthClient({ baseUrl: "https://zitadel.example", fetch });
  });
});
