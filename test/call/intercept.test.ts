import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { type Attempt, Code, createAuthClient, getErrorInfo, type TransportOptions } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { rowClient } from "../faults/answer-row.js";
import { errorAnswer, frame, grpcAnswer, jsonAnswer, okAnswer, type ProtocolName } from "../faults/answers.js";
import { collectStray, until } from "../faults/fault-row.js";
import { type Answer, startAnswerServer } from "../helpers/answer-server.js";

async function startWith(interceptor: Interceptor, options: Partial<TransportOptions> = {}) {
  const zitadel = await startLocalZitadel();
  const token = zitadel.users[0]?.token;
  const auth = createAuthClient({ baseUrl: zitadel.url, token, interceptors: [interceptor], ...options });
  return {
    zitadel,
    auth,
    async [Symbol.asyncDispose]() {
      await auth.close();
      await zitadel.close();
    },
  };
}

type Next = Parameters<Interceptor>[0];

/** An interceptor that bounds its first request by a signal of its own, which aborts when a server has it. */
async function startBounded(then: (next: Next) => Next) {
  const own = new AbortController();
  const setup = await startWith((next) => (request) => {
    const first = next({ ...request, signal: own.signal });
    until(() => setup.zitadel.requests.length === 1, "the request did not arrive").then(() => own.abort());
    return first.catch(() => then(next)(request));
  });
  setup.zitadel.fail({ kind: "hang", times: 1 });
  return setup;
}

describe("an interceptor", () => {
  test("may bound its request by a signal of its own and send another one", async () => {
    await using setup = await startBounded((next) => next);
    const { result } = await setup.auth.listMyRefreshTokens({});
    expect(result.length).toBeGreaterThan(0);
    expect(setup.zitadel.requests).toHaveLength(2);
  });

  test("that bounds its request gets the attempts counted in the error", async () => {
    const own = new AbortController();
    await using setup = await startWith((next) => (request) => next({ ...request, signal: own.signal }));
    setup.zitadel.fail({ kind: "hang", times: 1 });
    const call = setup.auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
    await until(() => setup.zitadel.requests.length === 1, "the request did not arrive");
    own.abort();
    const error = await call;
    expect(error).toMatchObject({ code: Code.Canceled, rawMessage: "an interceptor canceled the call" });
    expect(getErrorInfo(error).attempts).toBe(1);
  });

  const wrapped = new TypeError("a header is missing");
  for (const [what, thrown] of Object.entries({
    "an Error": new Error("no session"),
    "an AbortError": new DOMException("my own work was aborted", "AbortError"),
    "a ConnectError": new ConnectError("not here", Code.PermissionDenied),
    "a ConnectError around a TypeError": ConnectError.from(wrapped),
    "a redirect that is no Error": { status: 303, location: "/sign-in" },
    "a text": "offline",
    undefined: undefined,
  })) {
    for (const when of ["before it sends", "after the answer"]) {
      test(`that throws ${what} ${when} rejects the call with that, untouched`, async () => {
        await using setup = await startWith((next) => async (request) => {
          if (when === "after the answer") await next(request);
          throw thrown;
        });
        const before = inspect(thrown);
        const rejected = await setup.auth.listMyRefreshTokens({}).catch((error: unknown) => error);
        expect(Object.is(rejected, thrown)).toBe(true);
        expect(inspect(thrown)).toBe(before);
        const sent = when === "after the answer" && Object(thrown) === thrown ? 1 : 0;
        expect(getErrorInfo(rejected)).toEqual({
          attempts: sent,
          ...(thrown instanceof ConnectError && { code: thrown.code }),
        });
        expect(setup.zitadel.requests).toHaveLength(when === "after the answer" ? 1 : 0);
      });
    }
  }

  test("that throws the same error each time gets told of each call by itself", async () => {
    const offline = new Error("offline");
    await using setup = await startWith((next) => async (request) => {
      await next(request).catch(() => undefined);
      await next(request).catch(() => undefined);
      throw offline;
    });
    const infoOf = (call: Promise<unknown>) => call.catch((error: unknown) => getErrorInfo(error));
    setup.zitadel.fail({ kind: "status", code: Code.Internal, times: 4 });
    setup.zitadel.fail({ kind: "status", code: Code.Unavailable });
    const revoke = () => setup.auth.revokeMyRefreshToken({ id: "7" });
    expect(await infoOf(setup.auth.listMyRefreshTokens({}))).toEqual({ attempts: 2 });
    expect(await infoOf(revoke())).toEqual({ attempts: 2 });
    expect(await infoOf(revoke())).toEqual({ attempts: 3, maybeApplied: true });
    expect(await infoOf(setup.auth.listMyRefreshTokens({}))).toEqual({ attempts: 2 });
  });

  test("that wraps a call's error is told with all that is known of that", async () => {
    await using setup = await startWith((next) => async (request) => {
      try {
        return await next(request);
      } catch (cause) {
        throw new Error("the page has no data", { cause });
      }
    });
    setup.zitadel.fail({ kind: "status", code: Code.PermissionDenied, message: "no (AUTH-abcde)" });
    const rejected = await setup.auth.listMyRefreshTokens({}).catch((error: unknown) => error);
    expect(String(rejected)).toBe("Error: the page has no data");
    expect(getErrorInfo(rejected)).toMatchObject({
      code: Code.PermissionDenied,
      id: "AUTH-abcde",
      attempts: 1,
      fromServer: true,
    });
  });

  test("that wraps the error of an earlier request is told with all attempts of the call", async () => {
    await using setup = await startWith((next) => async (request) => {
      const cause: unknown = await next(request).catch((error: unknown) => error);
      await next(request);
      throw new Error("the page has no data", { cause });
    });
    setup.zitadel.fail({ kind: "status", code: Code.PermissionDenied, times: 1 });
    const rejected = await setup.auth.listMyRefreshTokens({}).catch((error: unknown) => error);
    expect(getErrorInfo(rejected)).toMatchObject({ code: Code.PermissionDenied, attempts: 2 });
  });

  for (const signal of ["now", 1, {}, null]) {
    test(`that passes ${JSON.stringify(signal)} as signal is told so`, async () => {
      await using setup = await startWith((next) => (request) => next({ ...request, signal: signal as never }));
      await expect(setup.auth.listMyRefreshTokens({})).rejects.toThrow(/^signal must be an AbortSignal/);
      expect(setup.zitadel.requests).toHaveLength(0);
    });
  }
});

/**
 * Interceptors that have requests of their own, which the call has to take along when it ends. `over` settles when it
 * has.
 */
const kinds: Record<string, (over: Promise<unknown>) => Interceptor> = {
  "bounds its request by a signal of its own": () => (next) => (request) =>
    next({ ...request, signal: new AbortController().signal }),
  "tries again and again": (over) => (next) => async (request) => {
    let isOver = false;
    over.then(() => {
      isOver = true;
    });
    for (let late = 0; late < 20; late += Number(isOver)) {
      try {
        return await next({ ...request, signal: new AbortController().signal });
      } catch {
        await sleep(1);
      }
    }
    throw new Error("tired");
  },
  "sends two at a time": () => (next) => (request) =>
    Promise.race([next(request), next({ ...request, signal: new AbortController().signal })]),
  "sends late": (over) => (next) => async (request) => {
    await Promise.race([next(request), over]).catch(() => undefined);
    await over;
    return next({ ...request, signal: new AbortController().signal });
  },
};

const ends = ["an abort", "the deadline", "close()"] as const;

describe("a call that is over goes on in no request", () => {
  for (const protocol of ["grpc", "grpcWeb", "rest"] as const) {
    for (const [kind, interceptor] of Object.entries(kinds)) {
      for (const end of ends) {
        test(`${protocol}: ${end}, and an interceptor that ${kind}`, async () => {
          // One that fails at once makes a retrying interceptor busy; the others hang.
          const answer: Answer = kind.startsWith("tries")
            ? errorAnswer(protocol, Code.Internal)
            : { stall: "before-head" };
          await using server = await startAnswerServer(protocol, () => answer);
          const stray = collectStray();
          let isOver = () => {};
          let ran: ReturnType<Next> | undefined;
          const caller = new AbortController();
          const over = new Promise<void>((resolve) => {
            isOver = resolve;
          });
          const run = interceptor(over);
          const auth = rowClient(server, protocol, {
            interceptors: [
              (next) => (request) => {
                ran = run(next)(request);
                return ran;
              },
            ],
            ...(end === "the deadline" && { timeoutMs: 100 }),
          });
          const call = auth.revokeMyRefreshToken({ id: "7" }, { signal: caller.signal });
          const outcome = call.catch((thrown: unknown) => thrown);
          if (end !== "the deadline") {
            await until(() => server.requests.length > 0, "the request did not arrive");
            if (end === "an abort") caller.abort();
            else await auth.close();
          }
          const error = await outcome;
          expect(error).toMatchObject({ code: end === "the deadline" ? Code.DeadlineExceeded : Code.Canceled });
          const { requests, connections } = server;
          const sent = requests.length;
          const { attempts } = getErrorInfo(error);
          // Late by the clock of a busy machine: what was on its way when the call ended may still arrive.
          expect(attempts).toBeGreaterThanOrEqual(sent);
          isOver();
          await ran?.catch(() => undefined);
          await sleep(50);
          expect(server.requests.length).toBeLessThanOrEqual(attempts);
          // A dial that the call did not live to see goes on for the next one.
          expect(server.connections).toBe(Math.max(connections, 1));
          for (const { over } of requests) if (!kind.startsWith("tries")) expect((await over).cut).toBe(true);
          expect(stray.seen).toEqual([]);
          stray.stop();
          await auth.close();
        });
      }
    }

    test(`${protocol}: a request that loses a race ends when the call has its answer`, async () => {
      await using server = await startAnswerServer(protocol, ({ n }) =>
        n === 1 ? { stall: "before-head" } : okAnswer(protocol),
      );
      await using auth = rowClient(server, protocol, {
        interceptors: [
          (next) => async (request) => {
            const first = next(request);
            await until(() => server.requests.length === 1, "the request did not arrive");
            return Promise.race([first, next(request)]);
          },
        ],
      });
      await auth.listMyRefreshTokens({});
      expect((await server.requests[0]?.over)?.cut).toBe(true);
      expect(server.requests).toHaveLength(2);
    });

    test(`${protocol}: a request that is sent after the answer is not sent`, async () => {
      await using server = await startAnswerServer(protocol, () => emptyAnswer(protocol));
      let late: Promise<unknown> | undefined;
      let finish: () => void = () => undefined;
      const finished = new Promise<void>((resolve) => {
        finish = resolve;
      });
      await using auth = rowClient(server, protocol, {
        interceptors: [
          (next) => async (request) => {
            late = finished.then(() => next(request));
            late.catch(() => undefined);
            return next(request);
          },
        ],
      });
      await auth.revokeMyRefreshToken({ id: "7" });
      finish();
      await expect(late).rejects.toMatchObject({ code: Code.Canceled, rawMessage: expect.stringMatching(/is over/) });
      expect(server.requests).toHaveLength(1);
    });

    test(`${protocol}: a request that is forgotten leaves nothing unhandled`, async () => {
      await using server = await startAnswerServer(protocol, ({ n }) =>
        n === 1 ? { stall: "before-head" } : emptyAnswer(protocol),
      );
      const stray = collectStray();
      await using auth = rowClient(server, protocol, {
        interceptors: [
          (next) => async (request) => {
            void next(request);
            await until(() => server.requests.length === 1, "the request did not arrive");
            return next(request);
          },
        ],
      });
      await auth.revokeMyRefreshToken({ id: "7" });
      await sleep(20);
      stray.stop();
      expect(stray.seen).toEqual([]);
    });
  }
});

/** The answer to a revoke that worked. */
function emptyAnswer(protocol: ProtocolName): Answer {
  return protocol === "rest" ? jsonAnswer("{}") : grpcAnswer(protocol, { frames: [frame(new Uint8Array())] });
}

test("a request that an interceptor makes late has what is left of the call's time", async () => {
  await using server = await startAnswerServer("grpc", () => okAnswer("grpc"));
  const late: Interceptor = (next) => async (request) => {
    await sleep(100);
    return next(request);
  };
  await using auth = rowClient(server, "grpc", { interceptors: [late], timeoutMs: 5000 });
  await auth.listMyRefreshTokens({});
  expect(Number.parseInt(server.requests[0]?.headers["grpc-timeout"] as string, 10)).toBeLessThanOrEqual(4901);
});

test("the signal of a call that is over has aborted, also for an interceptor that looks at it only then", async () => {
  let seen: AbortSignal | undefined;
  const caller = new AbortController();
  const look: Interceptor = () => async (request) => {
    caller.abort();
    seen = request.signal;
    throw seen.reason;
  };
  await using auth = createAuthClient({ baseUrl: "http://127.0.0.1:1", interceptors: [look] });
  await expect(auth.listMyRefreshTokens({}, { signal: caller.signal })).rejects.toMatchObject({ code: Code.Canceled });
  expect(seen?.aborted).toBe(true);
});

test("the signal of a call that worked does not abort, though requests were made side by side", async () => {
  let seen: AbortSignal | undefined;
  await using setup = await startWith((next) => async (request) => {
    seen = request.signal;
    return (await Promise.all([next(request), next(request)]))[1];
  });
  await setup.auth.listMyRefreshTokens({});
  expect(seen?.aborted).toBe(false);
});

test("what a token function threw is told as its, though an interceptor passes it on", async () => {
  const offline = new Error("offline");
  const token = () => {
    throw offline;
  };
  const pass: Interceptor = (next) => (request) => next(request);
  await using auth = createAuthClient({ baseUrl: "http://127.0.0.1:1", token, interceptors: [pass] });
  const error: unknown = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  expect(error).toBe(offline);
  expect(getErrorInfo(error)).toEqual({ reason: "token-provider", attempts: 0 });
});

test("the first interceptor sees the request first, and the answer last", async () => {
  const seen: string[] = [];
  const named =
    (name: string): Interceptor =>
    (next) =>
    async (request) => {
      seen.push(`${name} request`);
      const response = await next(request);
      seen.push(`${name} answer`);
      return response;
    };
  await using setup = await startWith(named("first"), { interceptors: [named("first"), named("second")] });
  await setup.auth.listMyRefreshTokens({});
  expect(seen).toEqual(["first request", "second request", "second answer", "first answer"]);
});

test("requests that an interceptor makes side by side are numbered one by one", async () => {
  const numbers: number[] = [];
  const onAttempt = ({ attempt }: Attempt) => numbers.push(attempt);
  const both: Interceptor = (next) => async (request) => (await Promise.all([next(request), next(request)]))[0];
  await using setup = await startWith(both, { onAttempt });
  await setup.auth.listMyRefreshTokens({});
  expect(numbers.sort()).toEqual([1, 2]);
});

for (const returned of [undefined, {}]) {
  test(`an interceptor that returns ${JSON.stringify(returned)} is told so`, async () => {
    await using setup = await startWith(() => async () => returned as never);
    const call = setup.auth.listMyRefreshTokens({});
    await expect(call).rejects.toThrow(new TypeError("an interceptor must return what next(request) returns"));
  });
}

test("an onAttempt that rejects later does no harm", async () => {
  const stray = collectStray();
  try {
    const onAttempt = async () => {
      throw new Error("not yours to break");
    };
    await using setup = await startWith((next) => next, { onAttempt });
    await setup.auth.listMyRefreshTokens({});
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    stray.stop();
  }
  expect(stray.seen).toEqual([]);
});

for (const signal of ["now", 1, {}, null, { aborted: false }]) {
  test(`a signal of ${JSON.stringify(signal)} is a TypeError that leaves nothing behind`, async () => {
    await using zitadel = await startLocalZitadel();
    await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0]?.token });
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    const call = auth.listMyRefreshTokens({}, { signal: signal as never });
    await expect(call).rejects.toThrow(/^signal must be an AbortSignal/);
    expect(timers()).toBe(before);
    expect(zitadel.requests).toHaveLength(0);
  });
}
