import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { Code, type ConnectError, createAuthClient, getErrorInfo, rest, type TokenContext } from "../../src/node.js";
import { errorAnswer, okAnswer } from "../faults/answers.js";
import { expectOutcome, turns, until } from "../faults/fault-row.js";
import { type AnswerServer, startAnswerServer } from "../helpers/answer-server.js";
import { collectGarbage } from "../helpers/collect-garbage.js";
import { simulateTime } from "../helpers/simulated-time.js";

afterEach(() => {
  jest.restoreAllMocks();
});

/** A server that takes only tokens that begin with "new". */
function startServer(): Promise<AnswerServer> {
  return startAnswerServer("rest", ({ headers }) =>
    headers.authorization?.startsWith("Bearer new")
      ? okAnswer("rest")
      : errorAnswer("rest", Code.Unauthenticated, { message: "Errors.Token.Invalid (AUTH-7fs1e)" }),
  );
}

/** A token function whose refreshes are held until the test says what they come to. */
function heldToken() {
  const refreshes: { finish(token: string): void; readonly signal: AbortSignal }[] = [];
  let current = "old-token";
  const token = ({ refresh, signal }: TokenContext): string | Promise<string> => {
    if (!refresh) return current;
    return new Promise((resolve) => {
      refreshes.push({
        signal,
        finish(next) {
          current = next;
          resolve(next);
        },
      });
    });
  };
  return { refreshes, token };
}

function clientOf({ baseUrl }: AnswerServer, token?: Parameters<typeof createAuthClient>[0]["token"]) {
  return createAuthClient({ baseUrl, protocol: rest, token, retry: { initialBackoffMs: 1 } });
}

type User = Pick<ReturnType<typeof clientOf>, "listMyRefreshTokens">;

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "ok",
    ({ code }: ConnectError) => Code[code],
  );

describe("a refresh that its only caller left", () => {
  for (const end of ["an abort", "the deadline", "close()"] as const) {
    test(`by ${end} goes on, and the next call waits for it`, async () => {
      await using server = await startServer();
      const { refreshes, token } = heldToken();
      const auth = clientOf(server, token);
      await using other = clientOf(server, token);
      const caller = new AbortController();
      await expectOutcome(
        async () => {
          const timeoutMs = end === "the deadline" ? 100 : 4000;
          const left = auth.listMyRefreshTokens({}, { signal: caller.signal, timeoutMs });
          left.catch(() => undefined);
          await until(() => refreshes.length === 1, "no refresh was asked for");
          if (end === "an abort") caller.abort();
          if (end === "close()") await auth.close();
          return left;
        },
        { code: end === "the deadline" ? Code.DeadlineExceeded : Code.Canceled, attempts: 1 },
      );
      const next = codeOf((end === "close()" ? other : auth).listMyRefreshTokens({}));
      await until(() => server.requests.length === 2, "the next call was not sent");
      await turns(20);
      expect(refreshes).toHaveLength(1);
      expect(refreshes[0]?.signal.aborted).toBe(false);
      refreshes[0]?.finish("new-token");
      expect(await next).toBe("ok");
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        "Bearer old-token",
        "Bearer old-token",
        "Bearer new-token",
      ]);
      expect(refreshes).toHaveLength(1);
      await auth.close();
    });
  }

  test("leaves nothing unhandled if it fails after that", async () => {
    await using server = await startServer();
    let fail: (reason: unknown) => void = () => undefined;
    const token = ({ refresh }: TokenContext) =>
      refresh ? new Promise<string>((_, reject) => (fail = reject)) : "old-token";
    await using auth = clientOf(server, token);
    const caller = new AbortController();
    await expectOutcome(
      async () => {
        const left = auth.listMyRefreshTokens({}, { signal: caller.signal });
        left.catch(() => undefined);
        await until(() => server.requests.length === 1, "the call was not sent");
        await turns(20);
        caller.abort();
        fail(new Error("offline"));
        await turns(20);
        return left;
      },
      { code: Code.Canceled, attempts: 1 },
    );
  });
});

describe("one refresh is shared by", () => {
  const sharers: Record<
    string,
    (server: AnswerServer, token: (context: TokenContext) => string | Promise<string>) => User[]
  > = {
    "the clients that withToken makes of one function": (server, token) => {
      const auth = clientOf(server);
      return [auth.withToken(token), auth.withToken(token), auth.withToken(token)];
    },
    "clients made apart": (server, token) => [clientOf(server, token), clientOf(server, token)],
    "a client and one of withToken": (server, token) => [clientOf(server, token), clientOf(server).withToken(token)],
  };
  for (const [name, make] of Object.entries(sharers)) {
    test(name, async () => {
      await using server = await startServer();
      const { refreshes, token } = heldToken();
      const clients = make(server, token);
      const outcomes = clients.map((each) => codeOf(each.listMyRefreshTokens({})));
      await until(() => server.requests.length === clients.length, "not every call was sent");
      await turns(20);
      expect(refreshes).toHaveLength(1);
      refreshes[0]?.finish("new-token");
      expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["ok"]));
      expect(refreshes).toHaveLength(1);
    });
  }

  test("a client that is late with the token from before", async () => {
    await using server = await startServer();
    let asked = 0;
    const held: ((token: string) => void)[] = [];
    const token = ({ refresh }: TokenContext) => {
      if (!refresh) return new Promise<string>((resolve) => held.push(resolve));
      asked += 1;
      return "new-token";
    };
    const auth = clientOf(server);
    const late = codeOf(auth.withToken(token).listMyRefreshTokens({}));
    const first = codeOf(auth.withToken(token).listMyRefreshTokens({}));
    held[1]?.("old-token");
    expect(await first).toBe("ok");
    // Longer than the outcome of a refresh is every call's.
    await new Promise((resolve) => setTimeout(resolve, 1050));
    held[0]?.("old-token");
    expect(await late).toBe("ok");
    expect(asked).toBe(1);
    expect(server.requests).toHaveLength(4);
  });
});

test("a refresh is asked for once where the function goes on to give the old token", async () => {
  await using server = await startServer();
  let asked = 0;
  const token = ({ refresh }: TokenContext) => {
    if (refresh) asked += 1;
    return refresh ? `new-${asked}` : "old-token";
  };
  await using auth = clientOf(server, token);
  for (let call = 0; call < 3; call++) expect(await codeOf(auth.listMyRefreshTokens({}))).toBe("ok");
  expect(asked).toBe(1);
  // But not for ever.
  await new Promise((resolve) => setTimeout(resolve, 1050));
  expect(await codeOf(auth.listMyRefreshTokens({}))).toBe("ok");
  expect(asked).toBe(2);
});

describe("a refresh is not shared by", () => {
  test("two users of one function, who have tokens of their own", async () => {
    await using server = await startServer();
    const store = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const token = async ({ refresh }: TokenContext) => {
      const user = store.getStore();
      if (refresh) seen.push(user);
      await turns(5);
      return `${refresh ? "new" : "old"}-${user}`;
    };
    const auth = clientOf(server);
    const listOf = (user: string) => store.run(user, () => codeOf(auth.withToken(token).listMyRefreshTokens({})));
    const outcomes = await Promise.all(["ann", "bob", "ann", "bob", "ann"].map(listOf));
    expect(new Set(outcomes)).toEqual(new Set(["ok"]));
    expect(seen.sort()).toEqual(["ann", "bob"]);
    const sent = server.requests.map(({ headers }) => headers.authorization).sort();
    expect(sent.filter((each) => each === "Bearer new-ann")).toHaveLength(3);
    expect(sent.filter((each) => each === "Bearer new-bob")).toHaveLength(2);
  });

  test("two functions with one token", async () => {
    await using server = await startServer();
    const [first, second] = [heldToken(), heldToken()];
    const auth = clientOf(server);
    const outcomes = [first, second].map(({ token }) => codeOf(auth.withToken(token).listMyRefreshTokens({})));
    await until(() => first.refreshes.length + second.refreshes.length === 2, "one refresh is missing");
    first.refreshes[0]?.finish("new-first");
    second.refreshes[0]?.finish("new-second");
    expect(await Promise.all(outcomes)).toEqual(["ok", "ok"]);
  });
});

test("a refresh runs in the first caller's context", async () => {
  await using server = await startServer();
  const store = new AsyncLocalStorage<string>();
  let seen: string | undefined;
  const { refreshes, token } = heldToken();
  const asking = (context: TokenContext) => {
    if (context.refresh) seen = store.getStore();
    return token(context);
  };
  await using auth = clientOf(server, asking);
  const first = store.run("first", () => codeOf(auth.listMyRefreshTokens({})));
  await until(() => refreshes.length === 1, "no refresh was asked for");
  const second = store.run("second", () => codeOf(auth.listMyRefreshTokens({})));
  await until(() => server.requests.length === 2, "the second call was not sent");
  refreshes[0]?.finish("new-token");
  expect(await Promise.all([first, second])).toEqual(["ok", "ok"]);
  expect(seen).toBe("first");
});

test("more refreshes at a time than are remembered are all joined", async () => {
  await using server = await startServer();
  const refreshing = new Map<string, () => void>();
  let asked = 0;
  const store = new AsyncLocalStorage<string>();
  const token = ({ refresh }: TokenContext) => {
    const user = store.getStore() ?? "";
    if (!refresh) return `old-${user}`;
    asked += 1;
    return new Promise<string>((resolve) => refreshing.set(user, () => resolve(`new-${user}`)));
  };
  await using auth = clientOf(server, token);
  const users = Array.from({ length: 40 }, (_, index) => `user${index}`);
  const listOf = (user: string) => store.run(user, () => codeOf(auth.listMyRefreshTokens({})));
  const outcomes = users.map(listOf);
  await until(() => asked === users.length, "a refresh is missing");
  outcomes.push(...users.map(listOf));
  await until(() => server.requests.length === 2 * users.length, "a call was not sent");
  await turns(20);
  expect(asked).toBe(users.length);
  for (const finish of refreshing.values()) finish();
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["ok"]));
});

test("a refresh is given up after 30 seconds, and the next call starts another", async () => {
  await using server = await startServer();
  const { refreshes, token } = heldToken();
  await using auth = clientOf(server, token);
  const timers = jest.spyOn(globalThis, "setTimeout");
  const waiting = auth.listMyRefreshTokens({}, { timeoutMs: 60_000 }).catch((thrown: unknown) => thrown);
  await until(() => refreshes.length === 1, "no refresh was asked for");
  const expire = timers.mock.calls.find(([, ms]) => ms === 30_000)?.[0];
  timers.mockRestore();
  expect(refreshes[0]?.signal.aborted).toBe(false);
  expire?.();
  const error = (await waiting) as ConnectError;
  expect(refreshes[0]?.signal.aborted).toBe(true);
  expect(getErrorInfo(error)).toMatchObject({ code: Code.Unauthenticated, id: "AUTH-7fs1e", attempts: 1 });
  expect(String(error.cause)).toBe("Error: the token function did not settle within 30000 ms");
  // For a second what came of it is the same for all.
  await new Promise((resolve) => setTimeout(resolve, 1050));
  const next = codeOf(auth.listMyRefreshTokens({}, { timeoutMs: 5000 }));
  await until(() => refreshes.length === 2, "no other refresh was asked for");
  refreshes[1]?.finish("new-token");
  expect(await next).toBe("ok");
});

describe("a refresh that has ended", () => {
  simulateTime();

  test("sees no abort when its time is over", async () => {
    await using server = await startServer();
    const { refreshes, token } = heldToken();
    await using auth = clientOf(server, token);
    const call = codeOf(auth.listMyRefreshTokens({}));
    await until(() => refreshes.length === 1, "no refresh was asked for");
    refreshes[0]?.finish("new-token");
    expect(await call).toBe("ok");
    jest.advanceTimersByTime(31_000);
    expect(refreshes[0]?.signal.aborted).toBe(false);
  });
});

test("of many refreshes the first are forgotten", async () => {
  await using server = await startServer();
  const thrown: WeakRef<Error>[] = [];
  let asked = 0;
  const token = ({ refresh }: TokenContext) => {
    if (!refresh) return `old-${++asked}`;
    const error = new Error("no session");
    thrown.push(new WeakRef(error));
    throw error;
  };
  await using auth = clientOf(server, token);
  for (let call = 0; call < 20; call++) await auth.listMyRefreshTokens({}).catch(() => undefined);
  expect(thrown).toHaveLength(20);
  const isForgotten = () => {
    collectGarbage();
    return thrown[0]?.deref() === undefined;
  };
  await until(isForgotten, "the first one is kept");
});

describe("a token", () => {
  test("of 16 KiB is one, and with a character more none", () => {
    const create = (length: number) => createAuthClient({ baseUrl: "https://a.example", token: "x".repeat(length) });
    create(16 * 1024);
    expect(() => create(16 * 1024 + 1)).toThrow(/at most 16384 characters/);
  });

  for (const [token, mistake] of [
    ["", "must not be empty"],
    ["undefined", "is what JavaScript makes of another value"],
    ["[object Object]", "is what JavaScript makes of another value"],
    [`\${TOKEN}`, "is a placeholder"],
    ["<token>", "is a placeholder"],
    ['{"access_token":"x"}', "is JSON"],
    ['{ "access_token": "x" }', "is JSON"],
    ["export TOKEN=abc", "is a whole line NAME=VALUE"],
    ["'abc'", "has quotes around it"],
    ["a\u0000b\u0000", "is in UTF-16"],
    ["\ufeffabc", "begins with a byte order mark"],
    ["abc\n", "must be one line"],
    ["a b", "must be visible ASCII"],
  ] as const) {
    test(`${JSON.stringify(token)} ${mistake}`, () => {
      const create = () => createAuthClient({ baseUrl: "https://zitadel.example", token });
      expect(create).toThrow(TypeError);
      expect(create).toThrow(`token ${mistake}`);
    });
  }

  // As issuers make them: JWTs, and opaque ones of any alphabet that a header can carry.
  for (const token of [
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "V5rXfWb3yT8nQ2kLzJ7mC4dG9hS6pA1eR0uI_oXcVbNmKjHg==",
    "undefined1",
    "nullable",
    "$2b$10$abc",
    "100%",
    "a<b>c",
    "v2.local.~token",
    "_dGVzdA__",
    `__${"x".repeat(80)}__`,
    "yourself",
  ]) {
    test(`${token.slice(0, 20)} may be one`, async () => {
      await createAuthClient({ baseUrl: "https://zitadel.example", token }).close();
    });
  }
});
