import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { redact } from "../../src/call/redact.js";
import { failure } from "../../src/failure.js";
import { canaryToken, placesOf } from "../faults/canary.js";

const telling = canaryToken.slice(6, 16);

class Closed {
  readonly #token: string;
  constructor(token: string) {
    this.#token = token;
  }
  toJSON() {
    return this.#token;
  }
}

class ClosedError extends Error {
  readonly #token: string;
  constructor(token: string) {
    super("closed");
    this.#token = token;
  }
  get request() {
    return this.#token;
  }
}

class JsonError extends Error {
  readonly #token: string;
  constructor(token: string) {
    super("to JSON");
    this.#token = token;
  }
  toJSON() {
    return this.#token;
  }
}

/** One of each class that is looked into. */
function known(): object[] {
  return [new Headers({ a: "b" }), new Uint8Array(3), Buffer.alloc(3)];
}

/** Makes a value one of a subclass, which shows by a method what is in no property. */
function subclassed(value: object, token: string): unknown {
  const prototype = Object.create(Object.getPrototypeOf(value), { toJSON: { value: () => token } });
  return Object.setPrototypeOf(value, prototype);
}

/** Everything that a token can be put into. Made when asked for, since what is redacted is changed. */
const holders: Record<string, (token: string) => unknown> = {
  text: (token) => `not ${token}!`,
  "a boxed string": (token) => Object(token),
  "a symbol": (token) => Symbol(token),
  "a boxed symbol": (token) => Object(Symbol(token)),
  "a function": (token) => Object.assign(() => token, { token }),
  "a closure": (token) => () => token,
  "an array": (token) => [1, [token]],
  "an array with a property": (token) => Object.assign([1], { token }),
  "a plain object": (token) => ({ deep: { er: token } }),
  "an object without a prototype": (token) => Object.assign(Object.create(null), { token }),
  "a key": (token) => ({ [token]: 1 }),
  "a symbol key": (token) => ({ [Symbol(token)]: 1 }),
  "what is not enumerable": (token) => Object.defineProperty({}, "token", { value: token }),
  "a getter": (token) => ({
    get token() {
      return token;
    },
  }),
  "a prototype": (token) => Object.create({ token }),
  "a class instance": (token) => new Closed(token),
  "an error's message": (token) => new Error(token),
  "an error's cause": (token) => new Error("outer", { cause: new TypeError(token) }),
  "an AggregateError": (token) => new AggregateError([new Error(token)], "several"),
  "an error's property": (token) => Object.assign(new Error("x"), { config: { headers: { authorization: token } } }),
  "an error's name": (token) => Object.assign(new Error("x"), { name: token }),
  "an error's code": (token) => Object.assign(new Error("x"), { code: token }),
  "an error's toString": (token) => Object.assign(new Error("x"), { toString: () => token }),
  "a property of an error's toString": (token) =>
    Object.assign(new Error("x"), { toString: Object.assign(() => "x", { token }) }),
  "an error's stack that is an object": (token) => Object.assign(new Error("x"), { stack: { token } }),
  "an error's stack that is a function": (token) => Object.assign(new Error("x"), { stack: () => token }),
  "a stack made by prepareStackTrace": (token) => {
    const { prepareStackTrace } = Error;
    try {
      Error.prepareStackTrace = () => ({ token });
      const error = new Error("x");
      // V8 makes it when it is read.
      return error.stack && error;
    } finally {
      if (prepareStackTrace) Error.prepareStackTrace = prepareStackTrace;
      else Reflect.deleteProperty(Error, "prepareStackTrace");
    }
  },
  "an error's accessor": (token) => new ClosedError(token),
  "an error's toJSON": (token) => new JsonError(token),
  "a DOMException": (token) => new DOMException(token, "NetworkError"),
  "a ConnectError": (token) => new ConnectError("x", Code.Internal, { "x-echo": token }),
  "a ConnectError's detail": (token) =>
    Object.assign(new ConnectError("x"), { details: [{ type: "x", value: Buffer.from(token) }] }),
  Headers: (token) => new Headers({ authorization: `Bearer ${token}` }),
  Request: (token) => new Request("http://127.0.0.1", { headers: { authorization: `Bearer ${token}` } }),
  "an error's Request": (token) =>
    Object.assign(new TypeError("failed"), {
      request: new Request("http://127.0.0.1", { headers: { authorization: `Bearer ${token}` } }),
    }),
  Response: (token) => new Response(token, { headers: { "x-echo": token } }),
  Blob: (token) => new Blob([token]),
  FormData: (token) => {
    const form = new FormData();
    form.set("token", token);
    return form;
  },
  URL: (token) => new URL(`http://127.0.0.1/?token=${token}`),
  URLSearchParams: (token) => new URLSearchParams({ token }),
  Map: (token) => new Map([["a", new Map([[token, 1]])]]),
  Set: (token) => new Set([[token]]),
  "an array with a property, in a Set": (token) => new Set([Object.assign([1], { token })]),
  WeakMap: (token) => new WeakMap([[{}, token]]),
  WeakRef: (token) => new WeakRef({ token }),
  "a promise": (token) => Promise.resolve(token),
  "a generator": (token) =>
    (function* () {
      yield token;
    })(),
  "an iterator": (token) => [token].values(),
  Date: (token) => Object.assign(new Date(0), { token }),
  RegExp: (token) => new RegExp(token),
  Buffer: (token) => Buffer.from(`not ${token}`),
  "bytes with a property": (token) => Object.assign(new Uint8Array(3), { token }),
  "a Buffer with a property": (token) => Object.assign(Buffer.alloc(3), { token }),
  "a DataView with a property": (token) => Object.assign(new DataView(new ArrayBuffer(3)), { token }),
  ...Object.fromEntries(
    known().map((value, index) => [
      `one of a subclass of ${value.constructor.name}`,
      (token: string) => subclassed(known()[index] as object, token),
    ]),
  ),
  "a DataView": (token) => new DataView(new Uint8Array(Buffer.from(token)).buffer),
  ArrayBuffer: (token) => new Uint8Array(Buffer.from(token)).buffer,
  "an AbortSignal": (token) => AbortSignal.abort(token),
  "a Proxy": (token) => new Proxy({ token }, {}),
  "a Proxy that throws": () =>
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    ),
  "a cycle": (token) => {
    const ring: Record<string, unknown> = { token };
    ring.self = ring;
    return ring;
  },
};

const forms: Record<string, (token: string) => string> = {
  whole: (token) => token,
  "its end": (token) => `…${token.slice(-12)}`,
  "its middle": (token) => token.slice(5, 18),
  base64: (token) => Buffer.from(token).toString("base64"),
  base64url: (token) => Buffer.from(`x${token}~~`).toString("base64url"),
  "base64 with a scheme": (token) => Buffer.from(`Bearer ${token}`).toString("base64"),
  "a piece of base64": (token) => Buffer.from(`Bearer ${token}`).toString("base64").slice(9, 31),
};

/** Whether a text gives away the token. */
function tells(text: string): boolean {
  if (text.includes(telling)) return true;
  return text.split(/[^\w+/-]+/).some((run) => {
    return [0, 1, 2, 3].some((at) => Buffer.from(run.slice(at), "base64").includes(telling));
  });
}

describe("a cause", () => {
  for (const [holder, make] of Object.entries(holders)) {
    test(`that is ${holder} shows no token`, () => {
      for (const cause of [
        make(canaryToken),
        { in: make(canaryToken) },
        new Error("x", { cause: make(canaryToken) }),
      ]) {
        const error = failure(Code.Unavailable, "lost", {}, { cause });
        redact(error, canaryToken);
        expect(placesOf(canaryToken, error)).toEqual([]);
        expect(placesOf(telling, error)).toEqual([]);
        // Some of them hide what they hold from this test as well.
        expect(error.cause).not.toBe(cause);
      }
    });
  }

  for (const [name, cause] of Object.entries({
    "Node's error": Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", errno: -111, port: 1 }),
    "an error with a cause": new TypeError("fetch failed", { cause: new Error("inner") }),
    "a DOMException": new DOMException("stopped", "AbortError"),
    "a ConnectError": new ConnectError("x", Code.Internal, { "x-id": "1" }),
    "plain data": { a: [1, null, undefined, true, 5n, { b: "c" }] },
    "an error's bytes": Object.assign(new Error("x"), { raw: Buffer.from("certificate"), more: new Uint8Array(3) }),
    "of every class that is looked into": known(),
  })) {
    test(`that is ${name} without the token stays`, () => {
      const error = failure(Code.Unavailable, "lost", {}, { cause });
      redact(error, canaryToken);
      expect(error.cause).toBe(cause);
    });
  }

  test("that nobody can look into keeps its name, message and code", () => {
    const request = new Request("http://127.0.0.1");
    const cause = Object.assign(new RangeError("Network Error"), { code: "ERR_NETWORK", request });
    const error = failure(Code.Unavailable, "lost", {}, { cause });
    redact(error, canaryToken);
    expect(error.cause).toMatchObject({ name: "RangeError", message: "Network Error", code: "ERR_NETWORK" });
    expect(error.cause).not.toHaveProperty("request");
  });

  for (const cause of [Array.from({ length: 20_000 }, () => ({})), new Uint8Array(20_000)]) {
    test(`that is a ${cause.constructor.name} as large as a heap is not looked through`, () => {
      const error = failure(Code.Unavailable, "lost", {}, { cause });
      redact(error, canaryToken);
      expect(error.cause).toBeInstanceOf(Error);
    });
  }
});

describe("what a server says", () => {
  for (const [form, make] of Object.entries(forms)) {
    test(`shows no token in the form of ${form}`, () => {
      const text = make(canaryToken);
      expect(tells(text)).toBe(form !== "its end");
      const value = Buffer.from(`\n${text}`);
      const metadata = { "x-echo": `a ${text} b`, "x-kept": "kept", "x-echo-bin": `AAAA, ${text.replace("…", "")}` };
      const headers = Object.fromEntries(Object.entries(metadata).map(([key, each]) => [key, each.replace("…", "")]));
      const details = [{ type: "x", value, debug: { text } }];
      const error = failure(Code.Internal, `not ${text}!`, {}, { metadata: headers, details });
      redact(error, canaryToken);
      expect(error.message).toMatch(/not .*\[redacted\].*!/);
      for (const each of [error.message, error.rawMessage, error.stack, ...[...error.metadata].flat()]) {
        expect(tells(String(each))).toBe(false);
        expect(String(each)).not.toContain(canaryToken.slice(-10));
      }
      expect(error.metadata.get("x-kept")).toBe("kept");
      const [detail] = error.details as { value: Uint8Array; debug: unknown }[];
      expect(tells(Buffer.from(detail?.value ?? []).toString("latin1"))).toBe(false);
      expect(detail?.value).toHaveLength(value.length);
      expect(JSON.stringify(detail?.debug)).not.toContain(canaryToken.slice(-10));
    });
  }

  test("is taken out of a stack that is no text as well", () => {
    const error = failure(Code.Internal, `not ${canaryToken}!`, {});
    // As Error.prepareStackTrace may make it.
    Object.assign(error, { stack: { token: canaryToken } });
    redact(error, canaryToken);
    expect(placesOf(canaryToken, error)).toEqual([]);
  });

  test("is gone from details that are not encoded yet, with the whole detail", () => {
    const detail = (message: string) => ({ desc: ErrorDetailSchema, value: { id: "AUTH-7fs1e", message } });
    const echo = detail(`not ${canaryToken}!`);
    const kept = [detail("no"), { desc: ErrorDetailSchema, value: create(ErrorDetailSchema, { id: "AUTH-7fs1e" }) }];
    const error = failure(Code.Internal, "no", {}, { details: [echo, ...kept, echo] });
    redact(error, canaryToken);
    expect(error.details).toEqual(kept);
    expect(placesOf(canaryToken, error)).toEqual([]);
  });

  for (const token of ["a+b/", "ab+cd", "abcdef", "abcdefg", "abcdefgh"]) {
    test(`shows no ${token.length} characters that are the whole token, as they are or encoded`, () => {
      const base64 = Buffer.from(token).toString("base64");
      for (const echo of [token, encodeURIComponent(token), base64, base64.replace(/=+$/, "")]) {
        const error = failure(Code.Internal, `not "${echo}"!`, {});
        redact(error, token);
        expect(error.message.replace(/=+/, "")).toBe('[internal] not "[redacted]"!');
      }
    });
  }

  test("shows no token of many special characters that is percent-encoded", () => {
    const token = "abc+def/ghi+jkl=mno+pqr/stu";
    const error = failure(Code.Internal, `not ${encodeURIComponent(token)}!`, {});
    redact(error, token);
    expect(error.rawMessage).toBe("not [redacted]!");
  });

  test("shows no eight characters of a token in a row, and any seven", () => {
    for (const [length, isShown] of [
      [7, true],
      [8, false],
      [9, false],
    ] as const) {
      for (let at = 0; at + length <= canaryToken.length; at++) {
        const piece = canaryToken.slice(at, at + length);
        const error = failure(Code.Internal, `not "${piece}"!`, {}, { metadata: { "x-echo": `a ${piece} b` } });
        redact(error, canaryToken);
        expect(error.rawMessage).toBe(isShown ? `not "${piece}"!` : 'not "[redacted]"!');
        expect(error.metadata.get("x-echo")).toBe(isShown ? `a ${piece} b` : "a [redacted] b");
      }
    }
  });

  test("a token of three characters is no secret, one of four is", () => {
    for (const [token, expected] of [
      ["abc", "not abc!"],
      ["abcd", "not [redacted]!"],
    ] as const) {
      const error = failure(Code.Internal, `not ${token}!`, {});
      redact(error, token);
      expect(error.rawMessage).toBe(expected);
    }
  });

  test("joined binary values are looked into one by one", () => {
    const joined = ["first", `xx${canaryToken}`, "last"].map((each) => Buffer.from(each).toString("base64")).join(", ");
    const error = failure(Code.Internal, "x", {}, { metadata: { "x-echo-bin": joined, "x-plain-bin": "AAAA, BBBB" } });
    redact(error, canaryToken);
    expect(error.metadata.get("x-echo-bin")).toBeNull();
    expect(error.metadata.get("x-plain-bin")).toBe("AAAA, BBBB");
  });

  test("other words stay", () => {
    const text = "Errors.Token.Invalid (AUTH-7fs1e) zitadel-refresh-tokens/0.1.0 324567890123456789";
    const error = failure(Code.Internal, text, {}, { metadata: { "x-id": "f3a1c9d2-8f4b-4b1e-9e0a-1b2c3d4e5f60" } });
    redact(error, canaryToken);
    expect(error.rawMessage).toBe(text);
    expect(error.metadata.get("x-id")).toBe("f3a1c9d2-8f4b-4b1e-9e0a-1b2c3d4e5f60");
  });
});
