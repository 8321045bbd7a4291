import { connect } from "node:net";
import type { Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { Code, ConnectError, createAuthClient, getErrorInfo, grpc, grpcWeb, rest } from "../src/node.js";
import { startLocalZitadel } from "../src/testing.js";
import { errorAnswer } from "./faults/answers.js";
import { startAnswerServer } from "./helpers/answer-server.js";

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConnectError) return error;
  throw new Error("the call did not fail with a ConnectError");
}

describe("the id of an error", () => {
  test("is not that of the attempt before a deadline", async () => {
    const down = errorAnswer("grpc", Code.Unavailable, { message: "down (QUERY-abcde)" });
    await using server = await startAnswerServer("grpc", ({ n }) => (n === 1 ? down : { stall: "before-head" }));
    await using auth = createAuthClient({ baseUrl: server.baseUrl, timeoutMs: 1_500 });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    expect(error.rawMessage).toMatch(/^the deadline of 1500 ms passed .*\(QUERY-abcde\)$/);
    // Nor is anything else.
    expect(getErrorInfo(error)).toEqual({ code: Code.DeadlineExceeded, fromServer: false, attempts: 2 });
  });

  test("is not what else ends in brackets", () => {
    for (const end of ["A-bcdef", "ABC-de", "ABC-defghijklmnop", "ABCDEFGHIJKLM-def", "abc-def"]) {
      expect(getErrorInfo(new ConnectError(`no (${end})`, Code.Internal))).not.toHaveProperty("id");
    }
    expect(getErrorInfo(new ConnectError("no (AB-def)", Code.Internal))).toMatchObject({ id: "AB-def" });
  });

  test("makes an error that an interceptor wraps ZITADEL's word, and any other nobody knows whose", async () => {
    await using zitadel = await startLocalZitadel();
    const wrapping: Interceptor = (next) => async (request) => {
      try {
        return await next(request);
      } catch (error) {
        const { rawMessage, code, details } = ConnectError.from(error);
        throw Object.assign(new ConnectError(`wrapped: ${rawMessage}`, code), { details });
      }
    };
    const own: Interceptor = () => async () => {
      throw new ConnectError("not here", Code.PermissionDenied);
    };
    const infos = [];
    for (const interceptor of [wrapping, own]) {
      const options = { baseUrl: zitadel.url, token: "unknown", interceptors: [interceptor] };
      await using auth = createAuthClient(options);
      infos.push(getErrorInfo(await errorOf(auth.listMyRefreshTokens({}))));
    }
    expect(infos[0]).toMatchObject({ id: "AUTH-7fs1e", fromServer: true });
    expect(infos[1]).not.toHaveProperty("fromServer", false);
  });
});

describe("an error says what to do where ZITADEL's own words do not", () => {
  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`a token that ZITADEL does not take, ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: "unknown", protocol });
      const error = await errorOf(auth.listMyRefreshTokens({}));
      expect(error.message).toBe(
        "[unauthenticated] Errors.Token.Invalid (AUTH-7fs1e); the token is expired, revoked, " +
          'or was made without the scope "urn:zitadel:iam:org:project:id:zitadel:aud"',
      );
      expect(error.rawMessage).toBe("Errors.Token.Invalid (AUTH-7fs1e)");
    });

    test(`no token, ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      await using auth = createAuthClient({ baseUrl: zitadel.url, protocol });
      const error = await errorOf(auth.listMyRefreshTokens({}));
      expect(error.message).toBe("[unauthenticated] auth header missing; pass `token`");
    });
  }

  test("a status wrapped in one of code Unknown, unless its own code is none", async () => {
    for (const [outer, name, code] of [
      [Code.Unknown, "NotFound", Code.NotFound],
      [Code.Internal, "NotFound", Code.Internal],
      [Code.Unknown, "5", Code.Unknown],
      [Code.Unknown, "constructor", Code.Unknown],
    ] as const) {
      const message = `rpc error: code = ${name} desc = gone ()`;
      await using server = await startAnswerServer("rest", () => errorAnswer("rest", outer, { message }));
      await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest });
      expect((await errorOf(auth.listMyRefreshTokens({}))).code).toBe(code);
    }
  });

  // As versions 4 and 2.44 say it.
  for (const words of [
    "unable to set instance using origin &{127.0.0.1  http} (ExternalDomain is localhost): ID=QUERY-1kIjX Message=x",
    "ID=QUERY-1kIjX Message=Instanz nicht gefunden.",
  ]) {
    for (const name of ["grpc", "grpcWeb", "rest"] as const) {
      test(`a host that belongs to no instance, ${name}: ${words}`, async () => {
        await using server = await startAnswerServer(name, () => errorAnswer(name, Code.NotFound, { message: words }));
        await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: { grpc, grpcWeb, rest }[name] });
        const error = await errorOf(auth.listMyRefreshTokens({}));
        expect(error.message).toMatch(
          /ExternalDomain \(localhost is not 127\.0\.0\.1\).*createConnection leads there$/,
        );
        expect(error.rawMessage).toBe(words);
      });
    }
  }

  // What the hint says, on the release that knows the fewest headers, and on a current one.
  for (const release of ["2.44", "4"] as const) {
    for (const protocol of [grpc, grpcWeb, rest]) {
      test(`which works on ${release} over ${protocol.name}`, async () => {
        await using zitadel = await startLocalZitadel({ hosts: ["zitadel.example"], release });
        const { port } = new URL(zitadel.url);
        const options = {
          baseUrl: "http://zitadel.example",
          token: zitadel.users[0].token,
          allowInsecure: true,
          protocol,
        };
        const createConnection = () => connect(Number(port), "127.0.0.1");
        await using auth = createAuthClient({ ...options, http2: { createConnection } });
        expect((await auth.listMyRefreshTokens({})).result).toHaveLength(6);
        expect(zitadel.requests.at(-1)?.headers).not.toHaveProperty("x-forwarded-host");
      });
    }
  }

  test("a base URL that holds the path of the API", async () => {
    await using zitadel = await startLocalZitadel();
    const baseUrl = `${zitadel.url}/auth/v1`;
    await using auth = createAuthClient({ baseUrl, token: "unknown", protocol: rest });
    const error = await errorOf(auth.listMyRefreshTokens({}));
    expect(error.message).toBe(
      "[not_found] Not Found; no such path: baseUrl must be the instance's root, without /auth/v1, or ZITADEL is too old",
    );
  });
});
