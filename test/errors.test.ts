import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { failure } from "../src/failure.js";
import { Code, ConnectError, createAuthClient, getErrorInfo } from "../src/node.js";
import { startLocalZitadel } from "../src/testing.js";

/** A refused token, as ZITADEL says it: with an id in its details, in its text, and a hint of ours after that. */
async function refusal(): Promise<ConnectError> {
  await using zitadel = await startLocalZitadel();
  await using auth = createAuthClient({ baseUrl: zitadel.url, token: "unknown" });
  const error: unknown = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

const fieldsOf = (error: Error) => ({ ...error, message: error.message });

/** How frameworks and programs hand on an error. */
const copies: Record<string, (error: ConnectError) => unknown> = {
  structuredClone: (error) => structuredClone(error),
  "structuredClone of its cause": (error) => structuredClone(new Error("the loader failed", { cause: error })),
  "JSON of its fields": (error) => JSON.parse(JSON.stringify(error)),
  "an Error with its fields": (error) => Object.assign(new Error(error.message), fieldsOf(error)),
  "an Error with its fields from JSON": (error) =>
    Object.assign(new Error(error.message), JSON.parse(JSON.stringify(error))),
  "an Error with its name and message": (error) => Object.assign(new Error(error.message), { name: error.name }),
  "a plain object of its fields": fieldsOf,
  "a plain object without details": (error) => ({ ...fieldsOf(error), details: undefined }),
  "an Error that has it as its cause": (error) => new Error("the loader failed", { cause: error }),
  "an Error two causes away": (error) => new Error("page", { cause: new Error("loader", { cause: error }) }),
};

describe("getErrorInfo reads id and code", () => {
  for (const [name, copy] of Object.entries(copies)) {
    test(`of ${name}`, async () => {
      const error = await refusal();
      expect(getErrorInfo(copy(error))).toMatchObject({ code: Code.Unauthenticated, id: "AUTH-7fs1e" });
    });
  }

  test("and all the rest of an error in its cause", async () => {
    const error = await refusal();
    const info = getErrorInfo(error);
    expect(info).toMatchObject({ attempts: 1, fromServer: true, hint: expect.stringMatching(/scope/) });
    expect(getErrorInfo(new Error("page", { cause: error }))).toEqual(info);
  });

  for (const [name, value] of Object.entries({
    "an Error": new Error("no (ID-abcdef)"),
    "a DOMException, whose code is another": new DOMException("stopped", "NotFoundError"),
    "Node's error": Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    "an object with a code": { code: 5 },
    "an object with a code that is none": { code: 99, rawMessage: "x" },
    "a message in other brackets": new Error("[object Object] [not found]"),
    "no code of that name": new Error("[to_string] x"),
    nothing: undefined,
    null: null,
    text: "[not_found] x",
  })) {
    test(`but not of what is none: ${name}`, () => {
      expect(getErrorInfo(value)).toEqual({ attempts: 0 });
    });
  }
});

test("a message is one line, cut off with an ellipsis, in which nothing can rewrite a log", () => {
  expect(failure(Code.Internal, "x".repeat(270), {}).message).toBe(`[internal] ${"x".repeat(270)}`);
  expect(failure(Code.Internal, "x".repeat(271), {}).message).toBe(`[internal] ${"x".repeat(269)}…`);
  const odd = ["\u061c", "\u200e", "\u202e", "\u2028", "\u2066", "\u2069", "\u009b", "\x1b"];
  const { message } = failure(Code.Internal, `a${odd.join("")}\nb`, {});
  const escaped = odd.map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
  expect(message).toBe(`[internal] a${escaped.join("")} b`);
});

/** Makes anything at all, and what looks like an error until it is looked at, as fast-check would do with a value. */
const anything = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }).map((value) => () => value),
  odd(),
);

function odd() {
  const text = fc.oneof(fc.string(), fc.constantFrom("[not_found] x (COMMAND-BHt2w)", "[unavailable]", "(AUTH-7fs1e)"));
  const part = fc.oneof(fc.anything(), text, fc.integer({ min: -1, max: 20 }), fc.constant([{ type: 1 }, null, {}]));
  const fields = fc.dictionary(
    fc.constantFrom("name", "message", "rawMessage", "code", "details", "metadata", "cause", "stack"),
    part,
  );
  const throwing = () => {
    throw new Error("do not look");
  };
  const makers: ((fields: object) => unknown)[] = [
    (fields) => fields,
    (fields) => Object.assign(new Error("x"), fields),
    (fields) => Object.setPrototypeOf(Object.assign(new Error("x"), fields), ConnectError.prototype),
    (fields) => Object.assign(new ConnectError("x"), fields),
    (fields) => new Error("x", { cause: fields }),
    (fields) => new Proxy(fields, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
    (fields) => {
      const { proxy, revoke } = Proxy.revocable(fields, {});
      revoke();
      return proxy;
    },
    (fields) => Object.defineProperties({ ...fields }, { cause: { get: throwing }, code: { get: throwing } }),
    (fields) => {
      const ring: { cause?: unknown } = { ...fields };
      ring.cause = ring;
      return ring;
    },
  ];
  return fc.tuple(fields, fc.constantFrom(...makers)).map(
    ([fields, make]) =>
      () =>
        make(fields),
  );
}

test("getErrorInfo never throws, and returns plain data, whatever it is given", () => {
  fc.assert(
    fc.property(anything, (make) => {
      const info = getErrorInfo(make());
      expect(structuredClone(info)).toEqual(info);
      expect(JSON.parse(JSON.stringify(info))).toEqual(info);
      expect(Object.getPrototypeOf(info)).toBe(Object.prototype);
      expect(Object.values(info)).not.toContain(undefined);
      expect(info.attempts).toBe(0);
      expect(["undefined", "number"]).toContain(typeof info.code);
      expect(["undefined", "string"]).toContain(typeof info.id);
    }),
    { numRuns: 2000 },
  );
});
