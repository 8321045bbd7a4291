import type { Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, getErrorInfo, type TransportOptions } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";

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

describe("an interceptor", () => {
  test("may bound its request by a signal of its own and send another one", async () => {
    let requests = 0;
    await using setup = await startWith((next) => async (request) => {
      requests += 1;
      const first = next({ ...request, signal: AbortSignal.timeout(50) });
      return first.catch(() => next(request));
    });
    setup.zitadel.fail({ kind: "hang", times: 1 });
    const { result } = await setup.auth.listMyRefreshTokens({});
    expect(result.length).toBeGreaterThan(0);
    expect(requests).toBe(1);
    expect(setup.zitadel.requests).toHaveLength(2);
  });

  test("that bounds its request gets the attempts counted in the error", async () => {
    await using setup = await startWith((next) => (request) => next({ ...request, signal: AbortSignal.timeout(50) }));
    setup.zitadel.fail({ kind: "hang", times: 1 });
    const error: unknown = await setup.auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
    expect(getErrorInfo(error).attempts).toBe(1);
  });

  test("that fails with an AbortError of its own does not look like the caller's cancellation", async () => {
    await using setup = await startWith(() => async () => {
      throw new DOMException("my own work was aborted", "AbortError");
    });
    await expect(setup.auth.listMyRefreshTokens({})).rejects.toMatchObject({
      code: Code.Unknown,
      rawMessage: "an interceptor failed: my own work was aborted",
    });
  });
});

test("an onAttempt that rejects later does no harm", async () => {
  const strays: unknown[] = [];
  const note = (reason: unknown) => strays.push(reason);
  process.on("unhandledRejection", note);
  try {
    const onAttempt = async () => {
      throw new Error("not yours to break");
    };
    await using setup = await startWith((next) => next, { onAttempt });
    await setup.auth.listMyRefreshTokens({});
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    process.off("unhandledRejection", note);
  }
  expect(strays).toEqual([]);
});
