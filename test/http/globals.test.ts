import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createAuthClient, createAuthTransport } from "../../src/web.js";
import { frame, grpcAnswer, listBytes } from "../faults/answers.js";
import { startAnswerServer } from "../helpers/answer-server.js";

const globals = globalThis as unknown as Record<string, unknown>;

/** As in React Native 0.76 and 0.79. */
class UrlWithoutFields {
  get protocol(): string {
    throw new Error("URL.protocol is not implemented");
  }
}

class DecoderWithoutFatal {
  constructor(_: string, { fatal }: TextDecoderOptions) {
    if (fatal) throw new RangeError("Failed to construct 'TextDecoder': the 'fatal' option is unsupported.");
  }
}

class DecoderThatForgives {
  decode(): string {
    return "\ufffd";
  }
}

const gaps: [name: string, replacement: unknown, polyfill: string][] = [
  ["URL", undefined, "react-native-url-polyfill/auto"],
  ["URL", UrlWithoutFields, "react-native-url-polyfill/auto"],
  ["TextEncoder", undefined, "text-encoding"],
  ["TextDecoder", undefined, "text-encoding"],
  ["TextDecoder", DecoderWithoutFatal, "text-encoding"],
  ["TextDecoder", DecoderThatForgives, "text-encoding"],
  ["Headers", undefined, "whatwg-fetch"],
  ["AbortController", undefined, "abort-controller/polyfill"],
];

describe("a runtime with a gap", () => {
  const before = { ...Object.fromEntries(gaps.map(([name]) => [name, globals[name]])) };
  afterEach(() => {
    Object.assign(globals, before);
  });

  for (const create of [createAuthClient, createAuthTransport]) {
    for (const [name, replacement, polyfill] of gaps) {
      test(`${name} as ${replacement && (replacement as { name: string }).name} is told by ${create.name}`, () => {
        globals[name] = replacement;
        let thrown: unknown;
        try {
          create({ baseUrl: "https://zitadel.example" });
        } catch (error) {
          thrown = error;
        }
        Object.assign(globals, before);
        expect(thrown).toEqual(
          new TypeError(
            `this runtime's ${name} is missing or incomplete: install a polyfill first, such as ${polyfill}`,
          ),
        );
      });
    }
  }

  for (const [owner, name, what, polyfill] of [
    [Object, "hasOwn", "Object.hasOwn", "core-js/actual/object/has-own"],
    [Array.prototype, "at", "Array.prototype.at", "core-js/actual/array/at"],
  ] as const) {
    test(`in ${what}, as browsers before 2022 have it, is told`, () => {
      const found = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
      Reflect.deleteProperty(owner, name);
      let thrown: unknown;
      try {
        createAuthClient({ baseUrl: "https://zitadel.example" });
      } catch (error) {
        thrown = error;
      }
      Object.defineProperty(owner, name, found);
      expect((thrown as Error).message).toBe(
        `this runtime's ${what} is missing or incomplete: install a polyfill first, such as ${polyfill}`,
      );
    });
  }

  test("in Response unpacks what is compressed all the same", async () => {
    const { Response } = globals;
    await using server = await startAnswerServer("grpcWeb", () =>
      grpcAnswer("grpcWeb", { headers: { "grpc-encoding": "gzip" }, frames: [frame(gzipSync(listBytes), 1)] }),
    );
    const auth = createAuthClient({ baseUrl: server.baseUrl });
    try {
      delete globals.Response;
      expect((await auth.listMyRefreshTokens({})).result).toHaveLength(1);
    } finally {
      globals.Response = Response;
    }
  });

  for (const baseUrl of ["https://zitadel.example/x", new URL("https://zitadel.example/x")]) {
    test(`in URL, which takes texts alone, takes a baseUrl that is ${typeof baseUrl}`, () => {
      const { URL } = globalThis;
      globals.URL = class extends URL {
        constructor(url: unknown, base?: unknown) {
          if (typeof url !== "string") throw new TypeError("Invalid URL");
          super(url, base as string);
        }
      };
      try {
        createAuthClient({ baseUrl });
      } finally {
        globals.URL = URL;
      }
    });
  }

  test("of an empty location takes an absolute baseUrl", () => {
    globals.location = { href: "", origin: "null" };
    try {
      createAuthClient({ baseUrl: "https://zitadel.example" });
    } finally {
      delete globals.location;
    }
  });

  for (const has of [true, false]) {
    test(`${has ? "not in" : "in"} DecompressionStream gets ${has ? "" : "no "}compressed answers`, async () => {
      const { DecompressionStream } = globals;
      if (!has) delete globals.DecompressionStream;
      let headers: unknown;
      const fetch = async (_: unknown, init?: RequestInit) => {
        headers = init?.headers;
        return Response.error();
      };
      try {
        const auth = createAuthClient({ baseUrl: "https://zitadel.example", fetch, retry: false });
        await auth.listMyRefreshTokens({}).catch(() => undefined);
      } finally {
        globals.DecompressionStream = DecompressionStream;
      }
      expect(Object.hasOwn(headers as object, "grpc-accept-encoding")).toBe(has);
    });
  }
});
