import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { SessionService as TheirSessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { AuthService, createAuthClient, getErrorInfo, grpc, grpcWeb, rest, SessionService } from "../src/node.js";
import { localUserKey, startLocalZitadel } from "../src/testing.js";

const protocols = [grpc, grpcWeb, rest];

/** A ZITADEL whose sessions are named after their user. */
const start = () =>
  startLocalZitadel({
    users: [{}, {}],
    routes: (router) =>
      router.service(SessionService, {
        listSessions: (_, { values }) => ({ sessions: [{ id: `of ${values.get(localUserKey)?.id}` }] }),
        deleteSession({ sessionId }) {
          throw new ConnectError(`not ${sessionId}`, Code.FailedPrecondition);
        },
      }),
  });

const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => new Error("it worked"),
    (reason: ConnectError) => reason,
  );

describe("a client of another service", () => {
  for (const protocol of protocols) {
    test(`calls as the same user, with the same options, over ${protocol.name}`, async () => {
      await using zitadel = await start();
      const [user, other] = zitadel.users;
      const attempts: number[] = [];
      const options = { baseUrl: zitadel.url, protocol, retry: { initialBackoffMs: 1 } };
      const onAttempt = ({ attempt }: { attempt: number }) => attempts.push(attempt);
      await using auth = createAuthClient({ ...options, token: user.token, onAttempt });
      const of = async (sessions: Client<typeof SessionService>) => (await sessions.listSessions({})).sessions[0]?.id;
      expect(await of(auth.client(SessionService))).toBe(`of ${user.id}`);
      expect(await of(auth.withToken(other?.token ?? "").client(SessionService))).toBe(`of ${other?.id}`);

      // It has no side effects, so it is repeated.
      zitadel.fail({ kind: "status", code: Code.Unavailable, times: 2 });
      expect(await of(auth.client(SessionService))).toBe(`of ${user.id}`);
      expect(attempts).toEqual([1, 1, 1, 2, 3]);
    });

    test(`shares the refresh of a token over ${protocol.name}`, async () => {
      await using zitadel = await start();
      const [user] = zitadel.users;
      const asked: boolean[] = [];
      const token = ({ refresh }: { refresh: boolean }) => {
        asked.push(refresh);
        return refresh ? user.token : user.tokens.expired;
      };
      await using auth = createAuthClient({ baseUrl: zitadel.url, protocol, token });
      const { sessions } = await auth.client(SessionService).listSessions({});
      expect(sessions).toHaveLength(1);
      expect(asked).toEqual([false, true]);
    });

    test(`fails as the client itself does over ${protocol.name}`, async () => {
      await using zitadel = await start();
      const [user] = zitadel.users;
      await using auth = createAuthClient({ baseUrl: zitadel.url, protocol, token: user.token, retry: false });
      const sessions = auth.client(SessionService);
      const refused = await errorOf(sessions.deleteSession({ sessionId: "1" }));
      expect(refused).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "not 1" });
      expect(getErrorInfo(refused)).toMatchObject({ attempts: 1, fromServer: true });

      const nobody = auth.withToken("nobody").client(SessionService);
      expect((await errorOf(nobody.listSessions({}))).message).toMatch(/AUTH-7fs1e\); the token is expired, revoked/);
    });

    test(`of @zitadel/proto repeats only what its idempotency level allows, over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel({
        routes: (router) =>
          router.service(TheirSessionService, { createSession: () => ({}), listSessions: () => ({}) }),
      });
      const options = { baseUrl: zitadel.url, protocol, token: zitadel.users[0].token, retry: { initialBackoffMs: 1 } };
      await using auth = createAuthClient(options);
      const sessions = auth.client(TheirSessionService);
      expect((await sessions.createSession({})).$typeName).toBe("zitadel.session.v2.CreateSessionResponse");
      zitadel.fail({ kind: "status", code: Code.Unavailable });
      // Theirs has no level, so nobody knows whether it may be sent twice.
      expect(await errorOf(sessions.createSession({}))).toMatchObject({ code: Code.Unavailable });
      expect(zitadel.requests).toHaveLength(2);
    });
  }

  test("has the methods of its service, and no others", async () => {
    await using auth = createAuthClient({ baseUrl: "http://127.0.0.1:9", token: "t" });
    const sessions = auth.client(SessionService);
    expect(Object.keys(sessions)).toEqual(["listSessions", "deleteSession"]);
    // @ts-expect-error: it is AuthService's.
    expect(sessions.listMyRefreshTokens).toBeUndefined();
    const wrong = () =>
      // @ts-expect-error: an id is text.
      sessions.deleteSession({ sessionId: 7 });
    expect(wrong).toBeInstanceOf(Function);
  });

  test("ends with its owner", async () => {
    await using zitadel = await start();
    const auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
    const sessions = auth.client(SessionService);
    await auth.close();
    expect(await errorOf(sessions.listSessions({}))).toMatchObject({ message: expect.stringContaining("is closed") });
  });

  test("is one of AuthService as well, and has each of its methods", async () => {
    await using zitadel = await start();
    await using auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token });
    const { client: _client, withToken: _with, close: _close, ...methods } = auth;
    expect(Object.keys(auth.client(AuthService))).toEqual(Object.keys(methods));
    expect(await auth.client(AuthService).listMyRefreshTokens({})).toEqual(await auth.listMyRefreshTokens({}));
  });

  for (const service of [undefined, null, {}, "SessionService", { typeName: "x", methods: {} }]) {
    test(`is refused for ${JSON.stringify(service)}`, async () => {
      await using auth = createAuthClient({ baseUrl: "http://127.0.0.1:9", token: "t" });
      expect(() => auth.client(service as unknown as typeof SessionService)).toThrow(
        new TypeError("service must be one that protoc-gen-es 2 generated"),
      );
    });
  }
});
