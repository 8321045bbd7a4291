import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { redact } from "../../src/call/redact.js";
import { failure } from "../../src/failure.js";
import { canaryToken, placesOf } from "../faults/canary.js";

const telling = canaryToken.slice(6, 16);

/** Everything that a token can be put into. Made when asked for, since what is redacted is changed. */
const holders: Record<string, (token: string) => unknown> = {
  text: (token) => `not ${token}!`,
  "a symbol": (token) => Symbol(token),
  "a function": (token) => Object.assign(() => token, { token }),
  "a plain object": (token) => ({ deep: { er: token } }),
  "a key": (token) => ({ [token]: 1 }),
  "a Map": (token) => new Map([[token, token]]),
  "a Request": (token) => new Request("http://127.0.0.1", { headers: { authorization: `Bearer ${token}` } }),
  bytes: (token) => Buffer.from(token),
  "an error's message": (token) => new Error(token),
  "an error's name": (token) => Object.assign(new Error("x"), { name: token }),
  "an error's code": (token) => Object.assign(new Error("x"), { code: token }),
  "an error's cause": (token) => new Error("outer", { cause: new TypeError(token) }),
  "an error's errors": (token) => new AggregateError([new Error(token)], "several"),
  "an error's property": (token) => Object.assign(new Error("x"), { config: { headers: { authorization: token } } }),
  "an error's toJSON": (token) => Object.assign(new Error("x"), { toJSON: () => token }),
  "an error's stack that is an object": (token) => Object.assign(new Error("x"), { stack: { token } }),
  "a getter": (token) => ({
    get message() {
      return token;
    },
  }),
  "a DOMException": (token) => new DOMException(token, "NetworkError"),
  "a ConnectError": (token) => new ConnectError(token, Code.Internal, { "x-echo": token }),
  "a Proxy that throws": () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
      },
    ),
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
    test(`that is ${holder} becomes a plain error without the token`, () => {
      for (const tokens of [[canaryToken], [canaryToken, "another-token"]]) {
        const error = failure(Code.Unavailable, "lost", {}, { cause: make(canaryToken) });
        redact(error, tokens);
        expect(Object.getPrototypeOf(error.cause)).toBe(Error.prototype);
        const known = ["stack", "message", "name", "code", "rawMessage"];
        expect(known).toEqual(expect.arrayContaining(Reflect.ownKeys(error.cause as Error)));
        expect(placesOf(canaryToken, error)).toEqual([]);
        expect(placesOf(telling, error)).toEqual([]);
      }
    });
  }

  test("keeps its name, message, code and stack, and nothing else", () => {
    const request = new Request("http://127.0.0.1");
    const cause = Object.assign(new RangeError("Network Error"), { code: "ERR_NETWORK", request });
    const error = failure(Code.Unavailable, "lost", {}, { cause });
    redact(error, []);
    const { name, message, code, stack } = cause;
    expect(error.cause).toMatchObject({ name, message, code, stack });
    expect(error.cause).not.toHaveProperty("request");
    expect(cause.request).toBe(request);
  });

  test("that is a text is its message", () => {
    const error = failure(Code.Unavailable, "lost", {}, { cause: "error sending request" });
    redact(error, []);
    expect(error.cause).toEqual(new Error("error sending request"));
  });

  test("is not made where there is none", () => {
    const error = failure(Code.Unavailable, "lost", {});
    redact(error, [canaryToken]);
    expect(error.cause).toBeUndefined();
  });
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
      redact(error, [canaryToken]);
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

  test("leaves what stands around it in a detail where it was", () => {
    const base64 = Buffer.from(`xx${canaryToken}`).toString("base64");
    const details = [canaryToken, base64].map((secret) => ({ type: "x", value: Buffer.from(`a ${secret} z`) }));
    const error = failure(Code.Internal, "x", {}, { details });
    redact(error, [canaryToken]);
    const seen = (error.details as typeof details).map(({ value }) => value.toString());
    expect(seen).toEqual([canaryToken, base64].map((secret) => `a ${secret.replace(/[^=]/g, "*")} z`));
  });

  test("is taken out of a stack that is no text as well", () => {
    const error = failure(Code.Internal, `not ${canaryToken}!`, {});
    // As Error.prepareStackTrace may make it.
    Object.assign(error, { stack: { token: canaryToken } });
    redact(error, [canaryToken]);
    expect(placesOf(canaryToken, error)).toEqual([]);
  });

  for (const token of ["a+b/", "ab+cd", "abcdef", "abcdefg", "abcdefgh"]) {
    test(`shows no ${token.length} characters that are the whole token, as they are or encoded`, () => {
      const base64 = Buffer.from(token).toString("base64");
      for (const echo of [token, encodeURIComponent(token), base64, base64.replace(/=+$/, "")]) {
        const error = failure(Code.Internal, `not "${echo}"!`, {});
        redact(error, [token]);
        expect(error.message.replace(/=+/, "")).toBe('[internal] not "[redacted]"!');
      }
    });
  }

  test("shows no token in base64url, with its own two characters, nor cut off anywhere", () => {
    const token = "token-???>>>-of-nobody";
    const encoded = Buffer.from(token).toString("base64url");
    expect(encoded).toMatch(/-.*_|_.*-/);
    for (let length = 16; length <= encoded.length; length++) {
      const error = failure(Code.Internal, `not ${encoded.slice(0, length)}!`, {});
      redact(error, [token]);
      expect(error.rawMessage).toBe("not [redacted]!");
    }
  });

  test("shows no token of many special characters that is percent-encoded", () => {
    const token = "abc+def/ghi+jkl=mno+pqr/stu";
    const error = failure(Code.Internal, `not ${encodeURIComponent(token)}!`, {});
    redact(error, [token]);
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
        redact(error, [canaryToken]);
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
      redact(error, [token]);
      expect(error.rawMessage).toBe(expected);
    }
  });

  test("a header whose name has a piece of it goes, though the name is in lower case", () => {
    const error = failure(Code.Internal, "x", {}, { metadata: { "x-ABCDEFGH": "1", "x-other": "2" } });
    redact(error, ["0ABCDEFGHIJKL"]);
    expect([...error.metadata.keys()]).toEqual(["x-other"]);
  });

  test("joined binary values are looked into one by one", () => {
    const joined = ["first", `xx${canaryToken}`, "last"].map((each) => Buffer.from(each).toString("base64")).join(", ");
    const error = failure(Code.Internal, "x", {}, { metadata: { "x-echo-bin": joined, "x-plain-bin": "AAAA, BBBB" } });
    redact(error, [canaryToken]);
    expect(error.metadata.get("x-echo-bin")).toBeNull();
    expect(error.metadata.get("x-plain-bin")).toBe("AAAA, BBBB");
  });

  test("other words stay", () => {
    const text = "Errors.Token.Invalid (AUTH-7fs1e) zitadel-refresh-tokens/0.1.0 324567890123456789";
    const error = failure(Code.Internal, text, {}, { metadata: { "x-id": "f3a1c9d2-8f4b-4b1e-9e0a-1b2c3d4e5f60" } });
    redact(error, [canaryToken]);
    expect(error.rawMessage).toBe(text);
    expect(error.metadata.get("x-id")).toBe("f3a1c9d2-8f4b-4b1e-9e0a-1b2c3d4e5f60");
  });
});
