import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { getErrorInfo, type TokenContext } from "../../src/node.js";
import { rowClient } from "../faults/answer-row.js";
import { errorAnswer, okAnswer } from "../faults/answers.js";
import { until } from "../faults/fault-row.js";
import { type Answer, startAnswerServer } from "../helpers/answer-server.js";

afterEach(() => {
  jest.restoreAllMocks();
});

describe("a wait before a retry", () => {
  for (const [random, ms] of [
    [0, 80],
    [0.5, 100],
    [1 - Number.EPSILON, 120],
  ] as const) {
    test(`is ${ms} ms of 100 where chance says ${random}`, async () => {
      await using server = await startAnswerServer("rest", ({ n }) =>
        n === 1 ? errorAnswer("rest", Code.Unavailable) : okAnswer("rest"),
      );
      await using auth = rowClient(server, "rest", { retry: { initialBackoffMs: 100 }, timeoutMs: 4321 });
      jest.spyOn(Math, "random").mockReturnValue(random);
      const timers = jest.spyOn(globalThis, "setTimeout");
      await auth.listMyRefreshTokens({});
      const waits = timers.mock.calls.map(([, wait = 0]) => wait).filter((wait) => wait >= 79 && wait <= 121);
      expect(waits).toHaveLength(1);
      expect(waits[0]).toBeCloseTo(ms, 6);
    });
  }
});

test("a retry that works gives itself back, so that there is always another", async () => {
  await using server = await startAnswerServer("rest", ({ n }) =>
    n % 2 === 1 ? errorAnswer("rest", Code.Unavailable) : okAnswer("rest"),
  );
  await using auth = rowClient(server, "rest");
  // More than the throttle holds, also if each gave back as little as a call that worked at once.
  for (let call = 0; call < 150; call++) await auth.listMyRefreshTokens({});
  expect(server.requests).toHaveLength(300);
});

test("what an attempt is told to have read is its own", async () => {
  await using server = await startAnswerServer("rest", ({ n }) =>
    n === 2 ? { hangUp: true } : n === 1 ? errorAnswer("rest", Code.Unavailable) : okAnswer("rest"),
  );
  const read: boolean[] = [];
  await using auth = rowClient(server, "rest", { onAttempt: ({ bytes }) => read.push(bytes > 0) });
  await auth.listMyRefreshTokens({});
  expect(read).toEqual([true, false, true]);
});

test("the token function is asked before each attempt, also after a refresh", async () => {
  await using server = await startAnswerServer("rest", ({ n }) =>
    n <= 2 ? errorAnswer("rest", n === 1 ? Code.Unauthenticated : Code.Unavailable) : okAnswer("rest"),
  );
  let asked = 0;
  const token = ({ refresh }: TokenContext) => `${refresh ? "refreshed" : "current"}-${++asked}`;
  await using auth = rowClient(server, "rest", { token });
  await auth.listMyRefreshTokens({});
  const sent = server.requests.map(({ headers }) => headers.authorization);
  expect(sent).toEqual(["Bearer current-1", "Bearer refreshed-2", "Bearer current-3"]);
});

test("without a token function nothing is refreshed", async () => {
  await using server = await startAnswerServer("rest", () => errorAnswer("rest", Code.Unauthenticated));
  await using auth = rowClient(server, "rest", { token: undefined });
  const error: unknown = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: Code.Unauthenticated });
  expect(server.requests).toHaveLength(1);
});

test("an id that can be none is a TypeError before anything is sent", async () => {
  await using server = await startAnswerServer("rest", () => okAnswer("rest"));
  await using auth = rowClient(server, "rest");
  await expect(auth.revokeMyRefreshToken({ id: ".." })).rejects.toThrow(TypeError);
  await expect(auth.revokeMyRefreshToken({ id: "7".repeat(201) })).rejects.toThrow(TypeError);
  expect(server.requests).toHaveLength(0);
  await auth.revokeMyRefreshToken({ id: "7".repeat(200) });
  expect(server.requests).toHaveLength(1);
});

test("a short token of the caller's own is taken out of an error, without its scheme", async () => {
  const message = "no Bearer of abcdef";
  await using server = await startAnswerServer("rest", () => errorAnswer("rest", Code.PermissionDenied, { message }));
  await using auth = rowClient(server, "rest", { token: undefined });
  const headers = { authorization: "Bearer abcdef" };
  const error: unknown = await auth.listMyRefreshTokens({}, { headers }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ rawMessage: "no Bearer of [redacted]" });
});

describe("a revoke whose answer is lost", () => {
  for (const [retry, attempts, maybeApplied] of [
    [false, 1, undefined],
    [{ maxAttempts: 2, initialBackoffMs: 1 }, 2, true],
  ] as const) {
    test(`in each of ${attempts} attempts was ${maybeApplied ? "perhaps" : "not"} applied by an earlier one`, async () => {
      await using server = await startAnswerServer("rest", () => ({ hangUp: true }));
      await using auth = rowClient(server, "rest", { retry });
      const error: unknown = await auth.revokeMyRefreshToken({ id: "7" }).catch((thrown: unknown) => thrown);
      const info = getErrorInfo(error);
      expect([info.reason, info.attempts, info.maybeApplied]).toEqual(["connection-lost", attempts, maybeApplied]);
    });
  }
});

test("a server is told of a millisecond where the thread was blocked until after the deadline", async () => {
  await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
  let blockMs = 0;
  const token = () => {
    for (const end = performance.now() + blockMs; performance.now() < end; );
    return "token-of-nobody";
  };
  await using auth = rowClient(server, "grpc", { token });
  await auth.listMyRefreshTokens({});
  blockMs = 100;
  await auth.listMyRefreshTokens({}, { timeoutMs: 50 }).catch(() => {});
  await until(() => server.requests.length === 2, "the request did not arrive");
  expect(server.requests[1]?.headers["grpc-timeout"]).toBe("1m");
});

describe("a server that starts again", () => {
  async function restart(answer: () => Answer, before = okAnswer("grpc")) {
    const first = await startAnswerServer("grpc", () => before);
    let refused = 0;
    const auth = rowClient(first, "grpc", {
      retry: { maxAttempts: 2, initialBackoffMs: 1 },
      onAttempt: ({ code }) => {
        if (code !== undefined) refused += 1;
      },
    });
    await auth.listMyRefreshTokens({}).catch(() => {});
    refused = 0;
    const port = Number(new URL(first.baseUrl).port);
    await first.close();
    const call = auth.listMyRefreshTokens({}).then(
      () => "ok",
      (error: { code: Code }) => error.code,
    );
    // More than the policy allows.
    await until(() => refused > 3, "the refused attempts were counted");
    await using second = await startAnswerServer("grpc", answer, port);
    const outcome = await call;
    await auth.close();
    return { outcome, requests: second.requests.length };
  }

  test("is waited for by attempts that the policy does not count", async () => {
    expect(await restart(() => okAnswer("grpc"))).toEqual({ outcome: "ok", requests: 1 });
  });

  test("is waited for also where its last answer was an error", async () => {
    const denied = errorAnswer("grpc", Code.PermissionDenied);
    expect(await restart(() => okAnswer("grpc"), denied)).toEqual({ outcome: "ok", requests: 1 });
  });

  test("gets the attempts that the policy allows, and no more", async () => {
    const down = () => errorAnswer("grpc", Code.Unavailable);
    expect(await restart(down)).toEqual({ outcome: Code.Unavailable, requests: 2 });
  });
});
