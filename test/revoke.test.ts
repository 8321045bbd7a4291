import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/message_pb.js";
import { createAuthClient, getErrorInfo, grpc, grpcWeb, rest, revokeRefreshTokens } from "../src/node.js";
import { startLocalZitadel } from "../src/testing.js";
import { errorAnswer, errorDetail, retryInfo } from "./faults/answers.js";
import { startAnswerServer } from "./helpers/answer-server.js";

// A client of a service that answers each id by `answer`, and what the service saw.
function fakeAuth(answer: (id: string, context: HandlerContext) => Promise<void> | void) {
  const seen = { ids: [] as string[], running: 0, most: 0 };
  const transport = createRouterTransport(({ service }) => {
    service(AuthService, {
      async revokeMyRefreshToken({ id }, context) {
        seen.ids.push(id);
        seen.most = Math.max(seen.most, ++seen.running);
        try {
          await answer(id, context);
          return {};
        } finally {
          seen.running--;
        }
      },
    });
  });
  return { auth: createClient(AuthService, transport), seen };
}

const gone = () =>
  new ConnectError("Refresh Token nicht gefunden (COMMAND-BHt2w)", Code.NotFound, undefined, [
    { desc: ErrorDetailSchema, value: { id: "COMMAND-BHt2w", message: "Refresh Token nicht gefunden" } },
  ]);

describe("revoking many tokens", () => {
  test("sorts the ids by outcome and keeps their order", async () => {
    const { auth, seen } = fakeAuth(async (id) => {
      // The later ids are answered first.
      await sleep(20 - Number(id));
      if (id === "2" || id === "5") throw gone();
      if (id === "3" || id === "4") throw new ConnectError(`no ${id}`, Code.PermissionDenied);
    });
    const result = await revokeRefreshTokens(auth, ["1", "2", "3", "4", "5", "6", "7"]);
    expect(result.revoked).toEqual(["1", "6", "7"]);
    expect(result.alreadyGone).toEqual(["2", "5"]);
    expect(result.failed.map(({ id, error }) => [id, error.code, error.rawMessage])).toEqual([
      ["3", Code.PermissionDenied, "no 3"],
      ["4", Code.PermissionDenied, "no 4"],
    ]);
    expect(result.failed[0]?.error).toBeInstanceOf(ConnectError);
    expect(seen.ids).toHaveLength(7);
  });

  test("sends an id that is given twice once", async () => {
    const { auth, seen } = fakeAuth(() => {});
    const result = await revokeRefreshTokens(auth, ["a", "b", "a", "a"], { concurrency: 1 });
    expect(seen.ids).toEqual(["a", "b"]);
    expect(result).toEqual({ revoked: ["a", "b"], alreadyGone: [], failed: [] });
  });

  test("does nothing for no ids", async () => {
    const { auth, seen } = fakeAuth(() => {});
    expect(await revokeRefreshTokens(auth, [])).toEqual({ revoked: [], alreadyGone: [], failed: [] });
    expect(seen.ids).toEqual([]);
  });

  for (const [concurrency, most] of [
    [undefined, 1],
    [3, 3],
    [100, 20],
  ] as const) {
    test(`runs ${most} of 20 calls at once with concurrency ${concurrency}`, async () => {
      const { auth, seen } = fakeAuth(async () => {
        await sleep(2);
      });
      const ids = Array.from({ length: 20 }, (_, i) => `id-${i}`);
      const result = await revokeRefreshTokens(auth, ids, concurrency ? { concurrency } : {});
      expect(result.revoked).toEqual(ids);
      expect(seen.most).toBe(most);
    });
  }

  test.each([
    ["a NotFound without ZITADEL's id", new ConnectError("Not Found", Code.NotFound)],
    ["ZITADEL's id without NotFound", new ConnectError("not found (COMMAND-BHt2w)", Code.Unknown)],
  ])("takes %s for a failure, not for a token that is gone", async (_, error) => {
    const { auth } = fakeAuth(() => {
      throw error;
    });
    const result = await revokeRefreshTokens(auth, ["a"]);
    expect(result.alreadyGone).toEqual([]);
    expect(result.failed.map((failed) => failed.error)).toEqual([error]);
  });

  test("goes on after a failure", async () => {
    const { auth } = fakeAuth((id) => {
      if (id !== "last") throw new ConnectError("down", Code.Unavailable);
    });
    const result = await revokeRefreshTokens(auth, ["a", "b", "last"], { concurrency: 1 });
    expect(result.revoked).toEqual(["last"]);
    expect(result.failed.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("stops at Unauthenticated, which the ids never sent carry too", async () => {
    const { auth, seen } = fakeAuth((id) => {
      if (id === "b") throw new ConnectError("Errors.Token.Invalid (AUTH-7fs1e)", Code.Unauthenticated);
    });
    const result = await revokeRefreshTokens(auth, ["a", "b", "c", "d"], { concurrency: 1 });
    expect(seen.ids).toEqual(["a", "b"]);
    expect(result.revoked).toEqual(["a"]);
    expect(result.failed.map(({ id, error }) => [id, error.code])).toEqual([
      ["b", Code.Unauthenticated],
      ["c", Code.Unauthenticated],
      ["d", Code.Unauthenticated],
    ]);
  });

  test("stops when the signal aborts and tells what was revoked until then", async () => {
    const controller = new AbortController();
    const { auth, seen } = fakeAuth(async (id, context) => {
      if (id !== "c") return;
      controller.abort();
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    });
    const ids = ["a", "b", "c", "d", "e"];
    const result = await revokeRefreshTokens(auth, ids, { concurrency: 1, signal: controller.signal });
    expect(seen.ids).toEqual(["a", "b", "c"]);
    expect(result.revoked).toEqual(["a", "b"]);
    expect(result.failed.map(({ id, error }) => [id, error.code])).toEqual([
      ["c", Code.Canceled],
      ["d", Code.Canceled],
      ["e", Code.Canceled],
    ]);
  });

  for (const [signal, code] of [
    [AbortSignal.abort(), Code.Canceled],
    [AbortSignal.abort(new DOMException("too late", "TimeoutError")), Code.DeadlineExceeded],
  ] as const) {
    test(`sends nothing when the signal has aborted with ${signal.reason} already`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: user.token });
      const result = await revokeRefreshTokens(auth, ["a", "b"], { signal });
      expect(zitadel.requests).toEqual([]);
      expect(result.failed.map(({ id, error }) => [id, error.code])).toEqual([
        ["a", code],
        ["b", code],
      ]);
    });
  }

  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`works on a ZITADEL over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: user.token, protocol });
      const [first, second, third, ...others] = user.refreshTokens.map(({ id }) => id) as [string, string, string];
      zitadel.fail({ kind: "status", code: Code.PermissionDenied, skip: 2 });
      const result = await revokeRefreshTokens(auth, [first, "never-was", second, third], { concurrency: 1 });
      expect(result).toMatchObject({
        revoked: [first, third],
        alreadyGone: ["never-was"],
        failed: [{ id: second, error: { code: Code.PermissionDenied } }],
      });
      expect(user.refreshTokens.map(({ id }) => id)).toEqual([second, ...others]);
    });
  }

  for (const name of ["grpc", "grpcWeb", "rest"] as const) {
    test(`does not count as revoked what may have been revoked by an attempt whose answer was lost, ${name}`, async () => {
      const down = errorAnswer(name, Code.Unavailable);
      const missing = errorAnswer(name, Code.NotFound, { details: [errorDetail("COMMAND-BHt2w", "not found")] });
      await using server = await startAnswerServer(name, ({ n }) => (n === 1 ? down : missing));
      await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: { grpc, grpcWeb, rest }[name] });
      expect(await revokeRefreshTokens(auth, ["7"])).toEqual({ revoked: [], alreadyGone: ["7"], failed: [] });
      expect(server.requests).toHaveLength(2);
    });
  }

  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`repeats what collided with another revoke in the event store, over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel({ release: "2.44" });
      const [user] = zitadel.users;
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: user.token, protocol });
      zitadel.fail({ kind: "collision", times: 2 });
      const ids = user.refreshTokens.map(({ id }) => id);
      expect(await revokeRefreshTokens(auth, ids)).toEqual({ revoked: ids, alreadyGone: [], failed: [] });
      expect(zitadel.requests).toHaveLength(ids.length + 2);
    });
  }

  test("does not count as revoked what a quota kept from being done", async () => {
    const quota = errorAnswer("rest", Code.ResourceExhausted, { message: "quota", details: [retryInfo(1)] });
    const missing = errorAnswer("rest", Code.NotFound, { details: [errorDetail("COMMAND-BHt2w", "not found")] });
    await using server = await startAnswerServer("rest", ({ n }) => (n === 1 ? quota : missing));
    await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest });
    expect(await revokeRefreshTokens(auth, ["7"])).toEqual({ revoked: [], alreadyGone: ["7"], failed: [] });
    expect(server.requests).toHaveLength(2);
  });

  test("turns what is not a ConnectError into one that has it as its cause", async () => {
    const cause = new TypeError("the client is closed");
    const result = await revokeRefreshTokens({ revokeMyRefreshToken: () => Promise.reject(cause) }, ["a"]);
    expect(result.failed[0]?.error).toBeInstanceOf(ConnectError);
    expect(result.failed[0]?.error.cause).toBe(cause);
  });

  for (const thrown of [new TypeError("fetch failed"), new DOMException("stopped", "AbortError"), null]) {
    test(`asks a token function that throws ${thrown} once, and tells which step it was`, async () => {
      let asked = 0;
      await using zitadel = await startLocalZitadel();
      const token = () => {
        asked += 1;
        throw thrown;
      };
      await using auth = createAuthClient({ baseUrl: zitadel.url, token });
      const { revoked, failed } = await revokeRefreshTokens(auth, ["1", "2", "3"]);
      expect({ asked, revoked, ids: failed.map(({ id }) => id) }).toEqual({
        asked: 1,
        revoked: [],
        ids: ["1", "2", "3"],
      });
      for (const { error } of failed) {
        expect(error).toBeInstanceOf(ConnectError);
        expect(error.cause).toBe(thrown);
        const reason = thrown === null ? {} : { reason: "token-provider" };
        expect(getErrorInfo(error)).toEqual({ code: Code.Unknown, attempts: 0, ...reason });
      }
      expect(zitadel.requests).toHaveLength(0);
    });
  }

  for (const [ids, message] of [
    [["a", ""], "ids[1] is empty"],
    [["a", "."], "ids[1] is no id"],
    [[".."], "ids[0] is no id"],
    [["a/b"], "ids[0] is no id"],
    [["x".repeat(201)], "ids[0] is longer than 200 characters"],
    [["é日🔑"], "ids[0] is no id"],
    [["a\u0000"], "ids[0] is no id"],
    [["a", 42], "ids[1] must be a string, got number"],
    [[undefined], "ids[0] must be a string, got undefined"],
    ["abc", "ids must be an array of strings"],
  ] as const) {
    test(`refuses ids ${JSON.stringify(ids).slice(0, 40)} before anything is sent`, async () => {
      const { auth, seen } = fakeAuth(() => {});
      const call = revokeRefreshTokens(auth, ids as unknown as string[]);
      await expect(call).rejects.toThrow(TypeError);
      await expect(call).rejects.toThrow(message);
      expect(seen.ids).toEqual([]);
    });
  }

  for (const signal of [null, "soon", new AbortController()]) {
    test(`refuses ${String(signal)} as a signal before anything is sent`, async () => {
      const { auth, seen } = fakeAuth(() => {});
      const call = revokeRefreshTokens(auth, ["a"], { signal: signal as unknown as AbortSignal });
      await expect(call).rejects.toThrow(TypeError);
      await expect(call).rejects.toThrow("signal must be an AbortSignal");
      expect(seen.ids).toEqual([]);
    });
  }

  for (const concurrency of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`refuses a concurrency of ${concurrency}`, async () => {
      const { auth, seen } = fakeAuth(() => {});
      await expect(revokeRefreshTokens(auth, ["a"], { concurrency })).rejects.toThrow(RangeError);
      expect(seen.ids).toEqual([]);
    });
  }
});
