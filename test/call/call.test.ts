import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, rest, type TransportOptions } from "../../src/node.js";
import { errorAnswer } from "../faults/answers.js";
import { canaryToken, placesOf } from "../faults/canary.js";
import { startAnswerServer } from "../helpers/answer-server.js";

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect("it").toBe("a failure"),
    (thrown: unknown) => thrown,
  );
}

test("the reason of an abort is the cause as it is, now and later, whatever it is", async () => {
  await using server = await startAnswerServer("grpc", () => ({ stall: "before-head" }));
  await using auth = createAuthClient({ baseUrl: server.baseUrl, token: canaryToken });
  for (const reason of [new Response(), () => {}, new Event("navigate")]) {
    const controller = new AbortController();
    const call = rejection(auth.listMyRefreshTokens({}, { signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 20);
    const error = (await call) as ConnectError;
    expect(error.code).toBe(Code.Canceled);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(error.cause).toBe(reason);
  }
});

describe("a token function that quotes the token that it gave", () => {
  for (const [when, options] of [
    ["while it refreshes", { code: Code.Unauthenticated }],
    ["before a retry", { code: Code.Unavailable }],
  ] as const) {
    test(`${when} leaves none in the error`, async () => {
      await using server = await startAnswerServer("rest", () => errorAnswer("rest", options.code));
      let asked = 0;
      const token = async () => {
        asked += 1;
        if (asked > 1) throw new Error(`${canaryToken} is used up`);
        return canaryToken;
      };
      const retry = { initialBackoffMs: 1 };
      await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest, token, retry });
      const error = await rejection(auth.listMyRefreshTokens({}));
      expect(asked).toBe(2);
      expect(error).toBeInstanceOf(ConnectError);
      expect(((error as ConnectError).cause as Error).message).toBe("[redacted] is used up");
      expect(placesOf(canaryToken, error)).toEqual([]);
    });
  }
});

test("a signal that fails to take a listener leaves nothing behind", async () => {
  await using auth = createAuthClient({ baseUrl: "http://127.0.0.1:1" });
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const signal = {
    aborted: false,
    addEventListener() {
      throw new TypeError("no listener");
    },
    removeEventListener() {},
  } as unknown as AbortSignal;
  expect(await rejection(auth.listMyRefreshTokens({}, { signal }))).toEqual(new TypeError("no listener"));
  expect(timers()).toBe(before);
});

describe("an option that is none is a TypeError when the client is made", () => {
  for (const [name, value, message] of [
    ["interceptors", null, "interceptors must be an array"],
    ["interceptors", () => {}, "interceptors must be an array"],
    ["onAttempt", 5, "onAttempt must be a function"],
    ["retry", 3, "retry must be false or an object"],
  ] as const) {
    test(`${name}: ${value}`, () => {
      const options = { baseUrl: "https://zitadel.example", [name]: value } as unknown as TransportOptions;
      expect(() => createAuthClient(options)).toThrow(new TypeError(message));
    });
  }
});
