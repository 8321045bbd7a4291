import { afterEach, describe, expect, test } from "@jest/globals";
import { createAuthClient, createAuthTransport } from "../../src/web.js";

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

const gaps: [name: string, replacement: unknown, polyfill: string][] = [
  ["URL", undefined, "react-native-url-polyfill/auto"],
  ["URL", UrlWithoutFields, "react-native-url-polyfill/auto"],
  ["TextEncoder", undefined, "text-encoding"],
  ["TextDecoder", undefined, "text-encoding"],
  ["TextDecoder", DecoderWithoutFatal, "text-encoding"],
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
