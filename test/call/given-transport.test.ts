import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextKey,
  createRouterTransport,
  type HandlerContext,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import {
  type Attempt,
  createAuthClient,
  createAuthTransport,
  type GivenTransportOptions,
  getErrorInfo,
  grpc,
  rest,
  type TransportOptions,
} from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { canaryToken, placesOf } from "../faults/canary.js";
import { until } from "../faults/fault-row.js";
import { RestService } from "../gen/rest_pb.js";
import { startAnswerServer } from "../helpers/answer-server.js";

/** A client over a transport in memory, whose list method does as the test says. */
function clientOf(list: (context: HandlerContext) => unknown, options: Omit<GivenTransportOptions, "transport"> = {}) {
  const seen: HandlerContext[] = [];
  const routes = ({ service }: ConnectRouter) => {
    service(AuthService, {
      async listMyRefreshTokens(_, context) {
        seen.push(context);
        await list(context);
        return { result: [{ id: "1" }] };
      },
    });
  };
  const transport = createRouterTransport(routes);
  const retry = { initialBackoffMs: 1 };
  return { seen, auth: createAuthClient({ transport, token: canaryToken, retry, ...options }) };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

const invalid = (code = Code.Unauthenticated) =>
  new ConnectError("Errors.Token.Invalid (AUTH-7fs1e)", code, undefined, [
    { desc: ErrorDetailSchema, value: { id: "AUTH-7fs1e", message: "Errors.Token.Invalid" } },
  ]);

describe("over a transport that is given", () => {
  test("a call has the token, and what is left of its deadline", async () => {
    const { auth, seen } = clientOf(() => undefined);
    expect((await auth.listMyRefreshTokens({})).result).toHaveLength(1);
    expect(seen[0]?.requestHeader.get("authorization")).toBe(`Bearer ${canaryToken}`);
    expect(seen[0]?.timeoutMs()).toBeGreaterThan(5000);
    expect(seen[0]?.timeoutMs()).toBeLessThanOrEqual(10_000);
  });

  test("20 calls with an expired token share one refresh", async () => {
    let refreshes = 0;
    let token = "old-token";
    const { auth } = clientOf(
      ({ requestHeader }) => {
        if (requestHeader.get("authorization") !== "Bearer new-token") throw invalid();
      },
      {
        token: async ({ refresh }) => {
          if (refresh) {
            refreshes += 1;
            await new Promise((resolve) => setTimeout(resolve, 20));
            token = "new-token";
          }
          return token;
        },
      },
    );
    await Promise.all(Array.from({ length: 20 }, () => auth.listMyRefreshTokens({})));
    expect(refreshes).toBe(1);
  });

  test("Unavailable is repeated, and told to onAttempt", async () => {
    const told: unknown[] = [];
    const { auth, seen } = clientOf(
      () => {
        if (seen.length < 3) throw new ConnectError("not now", Code.Unavailable);
      },
      { onAttempt: ({ attempt, code, bytes }) => told.push([attempt, code, bytes]) },
    );
    await auth.listMyRefreshTokens({});
    expect(told).toEqual([
      [1, Code.Unavailable, 0],
      [2, Code.Unavailable, 0],
      [3, undefined, 0],
    ]);
  });

  test("a revoke whose repeat finds nothing may have been carried out, since Unavailable does not say", async () => {
    let calls = 0;
    const gone = [{ desc: ErrorDetailSchema, value: { id: "COMMAND-BHt2w", message: "not found" } }];
    const transport = createRouterTransport(({ service }) => {
      service(AuthService, {
        revokeMyRefreshToken() {
          calls += 1;
          if (calls === 1) throw new ConnectError("connection lost", Code.Unavailable);
          throw new ConnectError("not found (COMMAND-BHt2w)", Code.NotFound, undefined, gone);
        },
      });
    });
    const auth = createAuthClient({ transport, retry: { initialBackoffMs: 1 } });
    const error = await errorOf(auth.revokeMyRefreshToken({ id: "7" }));
    expect(error.code).toBe(Code.NotFound);
    expect(getErrorInfo(error)).toMatchObject({ attempts: 2, maybeApplied: true });
    expect(calls).toBe(2);
  });

  test("a call that collided in ZITADEL's event store is repeated, whatever its method", async () => {
    let calls = 0;
    const transport = createRouterTransport(({ service }) => {
      service(RestService, {
        setName() {
          calls += 1;
          if (calls > 1) return {};
          const words = 'ERROR: duplicate key value violates unique constraint "events2_pkey" (SQLSTATE 23505)';
          throw new ConnectError(words, Code.Unknown);
        },
      });
    });
    const given = createAuthTransport({ transport, retry: { initialBackoffMs: 1 } });
    await createClient(RestService, given).setName({});
    expect(calls).toBe(2);
  });

  test("a server's wish to be left alone is obeyed", async () => {
    const { auth, seen } = clientOf(() => {
      throw new ConnectError("not now", Code.Unavailable, { "grpc-retry-pushback-ms": "-1" });
    });
    await errorOf(auth.listMyRefreshTokens({}));
    expect(seen).toHaveLength(1);
  });

  test("interceptors see the call without the token, once", async () => {
    const urls: string[] = [];
    const { auth, seen } = clientOf(
      () => {
        if (seen.length < 2) throw new ConnectError("not now", Code.Unavailable);
      },
      {
        interceptors: [
          (next) => (request) => {
            urls.push(request.url);
            expect(request.header.get("authorization")).toBeNull();
            request.header.set("x-seen", "yes");
            return next(request);
          },
        ],
      },
    );
    await auth.listMyRefreshTokens({});
    expect(urls).toEqual(["https://transport.invalid/zitadel.auth.v1.AuthService/ListMyRefreshTokens"]);
    expect(seen[1]?.requestHeader.get("x-seen")).toBe("yes");
  });

  test("withToken is another user over the same transport", async () => {
    const { auth, seen } = clientOf(() => undefined);
    await auth.withToken("another-token").listMyRefreshTokens({});
    expect(seen[0]?.requestHeader.get("authorization")).toBe("Bearer another-token");
  });

  test("an error of ZITADEL's has its id, its hint and fromServer", async () => {
    const { auth } = clientOf(() => {
      throw invalid();
    });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    expect(getErrorInfo(error)).toEqual({
      code: Code.Unauthenticated,
      id: "AUTH-7fs1e",
      attempts: 1,
      hint: expect.stringContaining("urn:zitadel:iam:org:project:id:zitadel:aud"),
      fromServer: true,
    });
  });

  test("an error that nobody can place leaves fromServer out", async () => {
    const { auth } = clientOf(() => {
      throw new ConnectError("something", Code.Internal);
    });
    expect(getErrorInfo(await errorOf(auth.listMyRefreshTokens({})))).toEqual({ code: Code.Internal, attempts: 1 });
  });

  test("ZITADEL 4.11's errors have the code that was meant", async () => {
    const { auth } = clientOf(() => {
      throw new ConnectError("rpc error: code = Unauthenticated desc = auth header missing ()", Code.Unknown);
    });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    expect(error).toMatchObject({ code: Code.Unauthenticated, rawMessage: "auth header missing" });
  });

  test("an error has no token in it, whatever it was given", async () => {
    const { auth } = clientOf(() => {
      const cause = { request: { headers: new Headers({ authorization: `Bearer ${canaryToken}` }) } };
      throw new ConnectError(`no ${canaryToken}`, Code.Internal, { "x-echo": canaryToken }, undefined, cause);
    });
    expect(placesOf(canaryToken, await errorOf(auth.listMyRefreshTokens({})))).toEqual([]);
  });

  test("header rules and id rules hold, and nothing is sent", async () => {
    const { auth, seen } = clientOf(() => undefined);
    for (const each of [auth, auth.withToken("another-token")]) {
      await expect(each.listMyRefreshTokens({}, { headers: { authorization: "x" } })).rejects.toThrow(TypeError);
    }
    await expect(auth.listMyRefreshTokens({}, { headers: { "x-large": "v".repeat(20_000) } })).rejects.toThrow(
      "16 KiB",
    );
    await expect(auth.revokeMyRefreshToken({ id: "a/b" })).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  /** A transport with that `unary` alone. */
  const transportOf = (unary: unknown) => ({ unary, stream: unary }) as Transport;

  test("one that never settles meets the deadline, and its signal aborts", async () => {
    let signal: AbortSignal | undefined;
    const transport = transportOf((_: unknown, given: AbortSignal) => {
      signal = given;
      return new Promise(() => undefined);
    });
    const codes: (Code | undefined)[] = [];
    const auth = createAuthClient({ transport, timeoutMs: 50, onAttempt: ({ code }) => codes.push(code) });
    expect(await errorOf(auth.listMyRefreshTokens({}))).toMatchObject({
      code: Code.DeadlineExceeded,
      rawMessage: "the deadline of 50 ms passed while waiting for the answer",
    });
    expect(signal?.aborted).toBe(true);
    expect(codes).toEqual([Code.DeadlineExceeded]);
  });

  test("one that has answered sees no abort", async () => {
    let signal: AbortSignal | undefined;
    const inner = createRouterTransport(({ service }) => {
      service(AuthService, { listMyRefreshTokens: () => ({}) });
    });
    const transport = transportOf((...args: Parameters<Transport["unary"]>) => {
      signal = args[1];
      return inner.unary(...args);
    });
    await createAuthClient({ transport }).listMyRefreshTokens({});
    expect(signal?.aborted).toBe(false);
  });

  test("one of this package tells as much as without another client around it", async () => {
    await using server = await startAnswerServer("rest", () => ({ status: 503, headers: { "retry-after": "60" } }));
    const transport = createAuthTransport({ baseUrl: server.baseUrl, protocol: rest, retry: false });
    const error = await errorOf(createAuthClient({ transport, retry: false }).listMyRefreshTokens({}));
    expect(getErrorInfo(error)).toMatchObject({ code: Code.Unavailable, httpStatus: 503, fromServer: false });
    await transport.close();
  });

  test("a page sends no deadline along, which ZITADEL's CORS rules would refuse, but keeps it", async () => {
    const given: unknown[] = [];
    const transport = transportOf((_: unknown, __: AbortSignal, timeoutMs: unknown) => {
      given.push(timeoutMs);
      return new Promise(() => undefined);
    });
    const auth = createAuthClient({ transport, timeoutMs: 50 });
    await errorOf(auth.listMyRefreshTokens({}));
    Object.assign(globalThis, { location: new URL("https://app.example/") });
    try {
      expect(await errorOf(auth.listMyRefreshTokens({}))).toMatchObject({ code: Code.DeadlineExceeded });
    } finally {
      Reflect.deleteProperty(globalThis, "location");
    }
    expect(given).toEqual([expect.any(Number), undefined]);
  });

  test("a cookie is not shown to callers", async () => {
    const inner = createRouterTransport(({ service }) => {
      service(AuthService, { listMyRefreshTokens: () => ({}) });
    });
    const transport = transportOf(async (...args: Parameters<Transport["unary"]>) => {
      const response = await inner.unary(...args);
      response.header.append("set-cookie", "a=1");
      response.header.append("x-shown", "yes");
      return response;
    });
    let header: Headers | undefined;
    const onHeader = (given: Headers) => {
      header = given;
    };
    await createAuthClient({ transport }).listMyRefreshTokens({}, { onHeader });
    expect(header?.get("x-shown")).toBe("yes");
    expect(header?.getSetCookie()).toEqual([]);
  });

  for (const [what, thrown] of Object.entries({
    "an Error": new Error("broken"),
    "what has no text": Object.create(null),
    nothing: undefined,
  })) {
    for (const [how, unary] of [
      ["rejects with", () => Promise.reject(thrown)],
      [
        "throws",
        () => {
          throw thrown;
        },
      ],
    ] as const) {
      test(`one that ${how} ${what} rejects the call with that`, async () => {
        const codes: (Code | undefined)[] = [];
        const onAttempt = ({ code }: Attempt) => codes.push(code);
        const auth = createAuthClient({ transport: transportOf(unary), onAttempt });
        const error: unknown = await auth.listMyRefreshTokens({}).catch((rejected: unknown) => rejected);
        expect(Object.is(error, thrown)).toBe(true);
        expect(getErrorInfo(error)).toEqual({ attempts: thrown === undefined ? 0 : 1 });
        expect(codes).toEqual([Code.Unknown]);
      });
    }
  }

  test("an error that is not encoded yet is cleaned and read as well", async () => {
    const detail = (message: string) => ({ desc: ErrorDetailSchema, value: { id: "AUTH-7fs1e", message } });
    // What only a mistaken transport has.
    const ring: { self?: unknown } = {};
    ring.self = ring;
    const odd = [{ type: "x" }, { type: "y", value: new Uint8Array(), debug: ring }, null] as never[];
    const details = [
      detail("no"),
      detail(`not ${canaryToken}!`),
      { desc: { typeName: "none" } as never, value: {} },
      ...odd,
    ];
    const unary = () => Promise.reject(new ConnectError("no", Code.Internal, undefined, details));
    const auth = createAuthClient({ transport: transportOf(unary), token: canaryToken });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    const found = error.findDetails(ErrorDetailSchema).map(({ id, message }) => [id, message]);
    expect(found).toEqual([
      ["AUTH-7fs1e", "no"],
      ["AUTH-7fs1e", `not ${"*".repeat(canaryToken.length)}!`],
    ]);
    expect(placesOf(canaryToken, error)).toEqual([]);
    expect(getErrorInfo(error)).toMatchObject({ id: "AUTH-7fs1e", fromServer: true });
  });

  test.each([undefined, {}])("one that returns %j is told so", async (returned) => {
    const unary = async () => returned as never;
    const auth = createAuthClient({ transport: { unary, stream: unary } });
    await expect(auth.listMyRefreshTokens({})).rejects.toThrow(new TypeError("the transport returned no response"));
  });

  test("sees the context values that an interceptor sets", async () => {
    const key = createContextKey("nobody");
    let seen: string | undefined;
    const inner = createRouterTransport(({ service }) => {
      service(AuthService, { listMyRefreshTokens: () => ({}) });
    });
    const transport: Transport = {
      ...inner,
      unary: (method, signal, timeoutMs, header, message, contextValues) => {
        seen = contextValues?.get(key);
        return inner.unary(method, signal, timeoutMs, header, message, contextValues);
      },
    };
    const naming: Interceptor = (next) => (request) => {
      request.contextValues.set(key, "somebody");
      return next(request);
    };
    await createAuthClient({ transport, interceptors: [naming] }).listMyRefreshTokens({});
    expect(seen).toBe("somebody");
  });

  for (const [what, cause, expected] of [
    ["what nobody can place costs a retry each", undefined, 200],
    ["a connection that was lost costs one", Object.assign(new Error(), { code: "ECONNRESET" }), 400],
    ["one that was closed costs one", Object.assign(new Error(), { code: "EPIPE" }), 400],
  ] as const) {
    test(`${what}, of many calls at once`, async () => {
      let requests = 0;
      const unary = async () => {
        requests += 1;
        await new Promise((resolve) => setTimeout(resolve, 10));
        throw new ConnectError("down", Code.Unavailable, undefined, undefined, cause);
      };
      const retry = { initialBackoffMs: 1 };
      const auth = createAuthClient({ transport: { unary, stream: unary }, retry });
      await Promise.allSettled(Array.from({ length: 100 }, () => auth.listMyRefreshTokens({})));
      expect(requests).toBe(expected);
    });
  }

  test("close() ends calls under way and leaves the connection to its owner", async () => {
    await using zitadel = await startLocalZitadel();
    const token = zitadel.users[0]?.token;
    const sessionManager = new Http2SessionManager(zitadel.url);
    const transport = createGrpcTransport({ baseUrl: zitadel.url, sessionManager });
    const auth = createAuthClient({ transport, token });
    zitadel.fail({ kind: "hang", times: 1 });
    const call = errorOf(auth.listMyRefreshTokens({}));
    await until(() => zitadel.requests.length === 1, "the request did not arrive");
    await auth.close();
    expect(await call).toMatchObject({ code: Code.Canceled, rawMessage: "the client was closed" });
    await expect(auth.listMyRefreshTokens({})).rejects.toThrow(TypeError);
    expect(sessionManager.state()).toBe("open");
    const headers = { authorization: `Bearer ${token}` };
    expect((await createClient(AuthService, transport).listMyRefreshTokens({}, { headers })).result).toHaveLength(6);
    sessionManager.abort();
  });
});

describe("a given transport and what goes by HTTP exclude each other", () => {
  const transport = createRouterTransport(() => undefined);
  for (const [name, value] of Object.entries({
    baseUrl: "https://zitadel.example",
    protocol: grpc,
    fetch: globalThis.fetch,
    http2: {},
    maxResponseBytes: 1,
    allowInsecure: false,
  })) {
    test(`${name} is a TypeError that names both`, () => {
      const create = () => createAuthClient({ transport, [name]: value } as GivenTransportOptions);
      expect(create).toThrow(TypeError);
      expect(create).toThrow(`transport and ${name} exclude each other`);
    });
  }

  test("undefined is no option", async () => {
    await createAuthClient({ transport, baseUrl: undefined, http2: undefined }).close();
    await createAuthClient({ transport: undefined, baseUrl: "https://zitadel.example" }).close();
  });

  for (const odd of [{}, "grpc", { unary: 1 }]) {
    test(`${JSON.stringify(odd)} is no transport`, () => {
      expect(() => createAuthClient({ transport: odd as unknown as Transport })).toThrow(
        /transport must be a Connect transport/,
      );
    });
  }

  test("in the types as well", () => {
    const both = () => {
      // @ts-expect-error
      createAuthClient({ transport, baseUrl: "https://zitadel.example" });
      // @ts-expect-error
      createAuthClient({ transport, protocol: grpc });
      // @ts-expect-error
      createAuthClient({ token: "x" });
      const own: TransportOptions = { baseUrl: "https://zitadel.example" };
      createAuthClient(own);
    };
    expect(both).toBeInstanceOf(Function);
  });
});
