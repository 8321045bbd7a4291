import { getEventListeners } from "node:events";
import { Code, type ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, type TransportOptions } from "../../src/node.js";
import { okAnswer } from "../faults/answers.js";
import { canaryToken } from "../faults/canary.js";
import { until } from "../faults/fault-row.js";
import { startAnswerServer } from "../helpers/answer-server.js";
import { collectGarbage } from "../helpers/collect-garbage.js";

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

describe("of five calls under way, of which three end in any order,", () => {
  for (const order of [
    [0, 1, 2],
    [4, 3, 2],
    [1, 4, 0],
    [3, 0, 4],
    [2, 3, 1],
  ]) {
    for (const end of ["close()", "an abort of the signal that all share"] as const) {
      test(`${order.join(", ")}, ${end} ends the others`, async () => {
        const answers: (() => void)[] = [];
        await using server = await startAnswerServer("grpc", async () => {
          await new Promise<void>((resolve) => answers.push(resolve));
          return okAnswer("grpc");
        });
        await using auth = createAuthClient({ baseUrl: server.baseUrl, timeoutMs: false });
        const caller = new AbortController();
        const settled: string[] = [];
        const calls: Promise<unknown>[] = [];
        for (let place = 0; place < 5; place++) {
          const call = auth.listMyRefreshTokens({}, { signal: caller.signal }).then(
            () => settled.push(`${place} ok`),
            ({ code }: ConnectError) => settled.push(`${place} ${Code[code]}`),
          );
          calls.push(call);
          await until(() => answers.length === place + 1, "the request did not arrive");
        }
        for (const place of order) {
          answers[place]?.();
          await calls[place];
        }
        if (end === "close()") await auth.close();
        else caller.abort();
        await until(() => settled.length === 5, "a call goes on");
        const others = [0, 1, 2, 3, 4].filter((place) => !order.includes(place));
        const expected = [...order.map((place) => `${place} ok`), ...others.map((place) => `${place} Canceled`)];
        expect(settled.sort()).toEqual(expected.sort());
        expect(getEventListeners(caller.signal, "abort")).toEqual([]);
      });
    }
  }
});

for (const order of [
  [0, 4, 3, 2],
  [3, 4, 0, 1],
  [4, 0, 1, 3],
]) {
  test(`a client keeps nothing of calls that are over, ended as ${order.join(", ")}`, async () => {
    const answers: (() => void)[] = [];
    await using server = await startAnswerServer("grpc", async () => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return okAnswer("grpc");
    });
    const auth = createAuthClient({ baseUrl: server.baseUrl, timeoutMs: false });
    // A call holds on to what its caller passed in.
    const held: WeakRef<object>[] = [];
    const calls: Promise<unknown>[] = [];
    const start = () => {
      const contextValues = createContextValues();
      held.push(new WeakRef(contextValues));
      calls.push(auth.listMyRefreshTokens({}, { contextValues }));
    };
    for (let place = 0; place < 5; place++) {
      start();
      await until(() => answers.length === place + 1, "the request did not arrive");
    }
    for (const place of order) {
      answers[place]?.();
      await calls[place];
    }
    const left = () => {
      collectGarbage();
      return held.flatMap((each, place) => (each.deref() ? [place] : []));
    };
    const underWay = [0, 1, 2, 3, 4].filter((place) => !order.includes(place));
    // Node keeps a stream that has ended for a few turns.
    await until(() => left().length === underWay.length, "ended calls are kept");
    expect(left()).toEqual(underWay);
    calls[underWay[0] as number]?.catch(() => undefined);
    await auth.close();
  });
}

test("a deadline that passed while the thread was blocked is told at once where no answer came meanwhile", async () => {
  await using server = await startAnswerServer("grpc", () => ({ stall: "before-head" }));
  await using auth = createAuthClient({ baseUrl: server.baseUrl, token: canaryToken });
  const call = rejection(auth.listMyRefreshTokens({}, { timeoutMs: 200 }));
  await until(() => server.requests.length === 1, "the request did not arrive");
  for (const end = performance.now() + 400; performance.now() < end; );
  const later = new Promise((resolve) => setTimeout(resolve, 100));
  expect(await Promise.race([call, later])).toMatchObject({ code: Code.DeadlineExceeded });
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
