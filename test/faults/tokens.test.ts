import { inspect } from "node:util";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { getErrorInfo, type TransportOptions } from "../../src/node.js";
import { type AnswerServer, type SeenRequest, startAnswerServer } from "../helpers/answer-server.js";
import { rowClient } from "./answer-row.js";
import { errorAnswer, okAnswer, type ProtocolName } from "./answers.js";
import { canaryToken, type Expected, expectOutcome, placesOf, turns, until } from "./fault-row.js";

const all: ProtocolName[] = ["grpc", "grpcWeb", "rest"];
type Token = Exclude<TransportOptions["token"], string | undefined>;
type TokenContext = Parameters<Token>[0];

const oldToken = `old-${canaryToken}`;
const newToken = `new-${canaryToken}`;

/** Answers Unauthenticated to every token but the new one. */
function expired(protocol: ProtocolName) {
  return ({ headers }: SeenRequest) =>
    headers.authorization === `Bearer ${newToken}`
      ? okAnswer(protocol)
      : errorAnswer(protocol, Code.Unauthenticated, { message: "Errors.Token.Invalid (AUTH-7fs1e)" });
}

/** A provider that hands out the old token until asked to refresh, and what it was asked. */
function refreshing(refresh: (context: TokenContext) => string | Promise<string> = () => newToken) {
  const asked: boolean[] = [];
  let current = oldToken;
  const token: Token = async (context) => {
    asked.push(context.refresh);
    if (context.refresh) current = await refresh(context);
    return current;
  };
  return { asked, token };
}

// With an interceptor too, which must not see another error than the caller.
const pass: Interceptor[] = [(next) => (request) => next(request)];

async function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect("it").toBe("a failure"),
    (thrown: unknown) => thrown,
  );
}

const asText = (value: string) => ({ name: `the text ${value}`, value });

describe("token provider", () => {
  for (const protocol of all) {
    const call = async (server: AnswerServer, options: Partial<TransportOptions>, expected: Expected) => {
      await using auth = rowClient(server, protocol, options);
      return await expectOutcome((o) => auth.listMyRefreshTokens({}, o), expected);
    };

    // Frameworks signal by throwing: Next.js errors with a digest, SvelteKit what is no Error at all.
    const thrown: Record<string, unknown> = {
      "an Error": new Error("offline"),
      "a frozen Error": Object.freeze(new Error("offline")),
      "a ConnectError of its own": new ConnectError("identity provider is down", Code.Unavailable),
      "an AbortError": new DOMException("stopped", "AbortError"),
      "a redirect that is no Error": { status: 303, location: "/sign-in" },
      "an error with a digest": Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;replace;/;307;" }),
      "a text": "offline",
      undefined: undefined,
    };
    const ways: Record<string, (value: unknown) => Token> = {
      throws: (value) => () => {
        throw value;
      },
      "rejects with": (value) => () => Promise.reject(value),
    };
    for (const [what, value] of Object.entries(thrown)) {
      for (const [how, token] of Object.entries(ways)) {
        test(`${protocol}: a provider that ${how} ${what} rejects the call with that, untouched, and nothing is sent`, async () => {
          await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
          await using auth = rowClient(server, protocol, { token: token(value), interceptors: pass });
          const [own, before] = [Reflect.ownKeys(Object(value)), inspect(value)];
          const rejected = await rejection(auth.listMyRefreshTokens({}));
          expect(Object.is(rejected, value)).toBe(true);
          expect([Reflect.ownKeys(Object(value)), inspect(value)]).toEqual([own, before]);
          const { code, reason, attempts } = getErrorInfo(rejected);
          expect(attempts).toBe(0);
          expect(reason).toBe(Object(value) === value ? "token-provider" : undefined);
          expect(code).toBe(value instanceof ConnectError ? Code.Unavailable : undefined);
          expect(server.connections).toBe(0);
        });
      }
    }

    test(`${protocol}: a provider that never settles meets the deadline, and its signal aborts`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      let signal: AbortSignal | undefined;
      const token: Token = (context) => {
        signal = context.signal;
        return new Promise(() => undefined);
      };
      await call(server, { token, timeoutMs: 100 }, { code: Code.DeadlineExceeded, attempts: 0 });
      expect(signal?.aborted).toBe(true);
      expect(server.connections).toBe(0);
    });

    for (const late of ["a late token", "a late rejection"]) {
      test(`${protocol}: a provider that ignores the cancelling, ${late}`, async () => {
        await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
        let settle: () => void = () => undefined;
        const token: Token = () =>
          new Promise<string>((resolve, reject) => {
            settle = () => (late === "a late token" ? resolve(canaryToken) : reject(new Error("too late")));
          });
        await using auth = rowClient(server, protocol, { token });
        const caller = new AbortController();
        const pending = auth.listMyRefreshTokens({}, { signal: caller.signal });
        pending.catch(() => undefined);
        await turns(4);
        caller.abort();
        await expectOutcome(
          async () => {
            try {
              return await pending;
            } finally {
              settle();
              await turns(10);
            }
          },
          { code: Code.Canceled, attempts: 0 },
        );
        expect(server.connections).toBe(0);
      });
    }

    const invalid: { name: string; value: unknown }[] = [
      { name: "undefined", value: undefined },
      { name: "null", value: null },
      { name: "an empty string", value: "" },
      { name: "a number", value: 42 },
      { name: "an object", value: {} },
      { name: "a String object", value: Object(canaryToken) },
      // Strict, since a provider that reads a file can trim what it reads, and we would hide what it did not.
      { name: "a trailing newline", value: `${canaryToken}\n` },
      { name: "CR and LF inside", value: `${canaryToken}\r\nx-evil: 1` },
      { name: "a NUL inside", value: `${canaryToken}\0` },
      { name: "a space inside", value: `${canaryToken} x` },
      { name: "a leading space", value: ` ${canaryToken}` },
      { name: "a letter outside ASCII", value: `${canaryToken}é` },
      { name: "a letter outside Latin-1", value: `${canaryToken}€` },
      { name: "the prefix Bearer", value: `Bearer ${canaryToken}` },
      { name: "the prefix bearer", value: `bearer ${canaryToken}` },
      { name: "more than 16 KiB", value: canaryToken.repeat(800) },
      // What stands for a token where none was put in.
      ...["undefined", "null", "NaN", "false", "[object Object]", "[object Promise]"].map(asText),
      ...["$ZITADEL_TOKEN", `\${ZITADEL_TOKEN}`, `\${{secrets.TOKEN}}`, "$(TOKEN)", "$env:ZITADEL_TOKEN"].map(asText),
      ...["<token>", "<your-token>", "%TOKEN%", "%ZITADEL_TOKEN%", "{{token}}", "{token}"].map(asText),
      ...["__TOKEN__", "YOUR_TOKEN", "your-access-token"].map(asText),
      // And what it is wrapped in.
      { name: "a byte order mark", value: `\ufeff${canaryToken}` },
      { name: "UTF-16", value: Buffer.from(canaryToken, "utf16le").toString("latin1") },
      { name: "JSON", value: `{"access_token":"${canaryToken}"}` },
      { name: "a line of an env file", value: `ZITADEL_TOKEN=${canaryToken}` },
      { name: "quotes", value: `"${canaryToken}"` },
    ];
    for (const { name, value } of invalid) {
      test(`${protocol}: a provider's ${name} is Unauthenticated, and nothing is sent`, async () => {
        await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
        const { error } = await call(
          server,
          { token: async () => value as string },
          { code: Code.Unauthenticated, reason: "token-invalid", attempts: 0 },
        );
        if (/prefix/.test(name)) expect(error?.rawMessage).toContain('"Bearer"');
        expect(server.connections).toBe(0);
      });
    }

    // A fixed token is the caller's mistake at once: it cannot become valid. An empty one may come from an unset
    // variable, and is one as well.
    for (const { name, value } of invalid.filter(({ value }) => typeof value === "string")) {
      test(`${protocol}: a fixed token with ${name} is a TypeError at construction`, () => {
        let thrown: unknown;
        try {
          rowClient({ baseUrl: "http://127.0.0.1:1" }, protocol, { token: value as string });
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(TypeError);
        expect(placesOf(canaryToken, thrown)).toEqual([]);
      });
    }

    test(`${protocol}: a provider may answer synchronously, or with a promise`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await call(server, { token: () => canaryToken }, { code: "ok" });
      await call(server, { token: async () => Promise.resolve(canaryToken) }, { code: "ok" });
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        `Bearer ${canaryToken}`,
        `Bearer ${canaryToken}`,
      ]);
    });

    test(`${protocol}: Unauthenticated is refreshed and replayed once`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { asked, token } = refreshing();
      await call(server, { token }, { code: "ok" });
      expect(asked).toEqual([false, true]);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        `Bearer ${oldToken}`,
        `Bearer ${newToken}`,
      ]);
    });

    test(`${protocol}: the replay is none of the policy's attempts`, async () => {
      const unavailable = errorAnswer(protocol, Code.Unavailable);
      await using server = await startAnswerServer(protocol, (request) =>
        request.n <= 3 ? (request.n === 1 ? expired(protocol)(request) : unavailable) : okAnswer(protocol),
      );
      const { token } = refreshing();
      // One replay and two attempts: the second Unavailable is the third request.
      await call(
        server,
        { token, retry: { maxAttempts: 2, initialBackoffMs: 1 } },
        { code: Code.Unavailable, fromServer: true, attempts: 3 },
      );
      expect(server.requests).toHaveLength(3);
      expect(server.requests[1]?.headers["grpc-previous-rpc-attempts"]).toBeUndefined();
    });

    test(`${protocol}: the replay happens with retry: false too`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { token } = refreshing();
      await call(server, { token, retry: false }, { code: "ok" });
      expect(server.requests).toHaveLength(2);
    });

    test(`${protocol}: Unauthenticated twice ends the call`, async () => {
      await using server = await startAnswerServer(protocol, () =>
        errorAnswer(protocol, Code.Unauthenticated, { message: "still not" }),
      );
      const { asked, token } = refreshing();
      await call(server, { token }, { code: Code.Unauthenticated, fromServer: true, attempts: 2 });
      expect(server.requests).toHaveLength(2);
      expect(asked).toEqual([false, true]);
    });

    test(`${protocol}: a token that changes with every refresh does not make a loop either`, async () => {
      await using server = await startAnswerServer(protocol, () => errorAnswer(protocol, Code.Unauthenticated));
      let n = 0;
      const token: Token = () => `${canaryToken}-${n++}`;
      await call(server, { token }, { code: Code.Unauthenticated, fromServer: true, attempts: 2 });
      expect(server.requests).toHaveLength(2);
    });

    test(`${protocol}: a refresh that yields the same token is not replayed`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { asked, token } = refreshing(() => oldToken);
      await call(server, { token }, { code: Code.Unauthenticated, fromServer: true, attempts: 1 });
      expect(server.requests).toHaveLength(1);
      expect(asked).toEqual([false, true]);
    });

    for (const [what, value] of Object.entries(thrown)) {
      test(`${protocol}: a refresh that throws ${what} rejects the call with that, untouched, and nothing is repeated`, async () => {
        await using server = await startAnswerServer(protocol, expired(protocol));
        const { asked, token } = refreshing(() => Promise.reject(value));
        await using auth = rowClient(server, protocol, { token, interceptors: pass });
        const before = inspect(value);
        const rejected = await rejection(auth.listMyRefreshTokens({}));
        expect(Object.is(rejected, value)).toBe(true);
        expect(inspect(value)).toBe(before);
        const isObject = Object(value) === value;
        const reason = isObject ? "token-provider" : undefined;
        expect(getErrorInfo(rejected)).toMatchObject({ attempts: isObject ? 1 : 0, ...(reason && { reason }) });
        expect(asked).toEqual([false, true]);
        expect(server.requests).toHaveLength(1);
      });
    }

    test(`${protocol}: a refresh that yields an invalid token leaves the server's error`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { token } = refreshing(() => `${canaryToken}\n`);
      const { error } = await call(server, { token }, { code: Code.Unauthenticated, fromServer: true, attempts: 1 });
      expect(error?.rawMessage).toContain("Errors.Token.Invalid");
      expect(String(error?.cause)).toMatch(/the token function returned a token that must be one line/);
      expect(server.requests).toHaveLength(1);
    });

    test(`${protocol}: a refresh that never settles meets the deadline of each call, and is asked for once`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { asked, token } = refreshing(() => new Promise(() => undefined));
      await using auth = rowClient(server, protocol, { token });
      for (let call = 0; call < 2; call++) {
        await expectOutcome((options) => auth.listMyRefreshTokens({}, { ...options, timeoutMs: 100 }), {
          code: Code.DeadlineExceeded,
          attempts: 1,
        });
      }
      expect(asked.filter(Boolean)).toHaveLength(1);
    });

    test(`${protocol}: 100 calls with an expired token share one refresh`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const { asked, token } = refreshing(async () => {
        await turns(10);
        return newToken;
      });
      await using auth = rowClient(server, protocol, { token, timeoutMs: 20_000 });
      const calls = Array.from({ length: 100 }, () => auth.listMyRefreshTokens({}));
      const results = await Promise.all(calls);
      expect(results).toHaveLength(100);
      expect(asked.filter(Boolean)).toHaveLength(1);
      expect(server.requests.length).toBeLessThanOrEqual(200);
    });

    test(`${protocol}: 100 calls whose refresh fails ask once`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      const thrown = new Error("the session has ended");
      const { asked, token } = refreshing(async () => {
        await turns(10);
        throw thrown;
      });
      await using auth = rowClient(server, protocol, { token, timeoutMs: 20_000 });
      const rejections = await Promise.all(Array.from({ length: 100 }, () => rejection(auth.listMyRefreshTokens({}))));
      expect(rejections.every((each) => each === thrown)).toBe(true);
      expect(asked.filter(Boolean)).toHaveLength(1);
      expect(server.requests).toHaveLength(100);
    });

    test(`${protocol}: a refresh that failed is not tried again for a second`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      let thrown: Error | undefined = new Error("the session has ended");
      const { asked, token } = refreshing(() => {
        if (thrown) throw thrown;
        return newToken;
      });
      await using auth = rowClient(server, protocol, { token });
      for (let i = 0; i < 5; i++) {
        expect(await rejection(auth.listMyRefreshTokens({}))).toBe(thrown);
      }
      expect(asked.filter(Boolean)).toHaveLength(1);
      thrown = undefined;
      await new Promise((resolve) => setTimeout(resolve, 1050));
      await expectOutcome((options) => auth.listMyRefreshTokens({}, options), { code: "ok" });
      expect(asked.filter(Boolean)).toHaveLength(2);
    });

    test(`${protocol}: a call that comes late with the old token just replays with the new one`, async () => {
      await using server = await startAnswerServer(protocol, async (request) => {
        // The second request is held until the first one's refresh is over.
        if (request.n === 2) await until(() => server.requests.length === 3, "no replay");
        return expired(protocol)(request);
      });
      const { asked, token } = refreshing();
      await using auth = rowClient(server, protocol, { token });
      const first = auth.listMyRefreshTokens({});
      const second = auth.listMyRefreshTokens({});
      await expectOutcome(() => first, { code: "ok" });
      await expectOutcome(() => second, { code: "ok" });
      expect(asked).toEqual([false, false, true]);
      expect(server.requests).toHaveLength(4);
    });

    test(`${protocol}: one caller's leaving does not end the refresh that another waits for`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      let finish: (token: string) => void = () => undefined;
      let signal: AbortSignal | undefined;
      const { asked, token } = refreshing((context) => {
        signal = context.signal;
        return new Promise((resolve) => {
          finish = resolve;
        });
      });
      await using auth = rowClient(server, protocol, { token });
      const caller = new AbortController();
      const leaving = auth.listMyRefreshTokens({}, { signal: caller.signal });
      leaving.catch(() => undefined);
      const staying = auth.listMyRefreshTokens({});
      await until(() => server.requests.length === 2 && asked.includes(true), "no refresh was asked for");
      await turns(20);
      caller.abort();
      await expectOutcome(() => leaving, { code: Code.Canceled });
      expect(signal?.aborted).toBe(false);
      finish(newToken);
      await expectOutcome(() => staying, { code: "ok" });
      expect(asked.filter(Boolean)).toHaveLength(1);
    });

    test(`${protocol}: a fixed token is not refreshed`, async () => {
      await using server = await startAnswerServer(protocol, expired(protocol));
      await call(server, { token: oldToken }, { code: Code.Unauthenticated, fromServer: true, attempts: 1 });
      expect(server.requests).toHaveLength(1);
    });

    test(`${protocol}: PermissionDenied is not refreshed`, async () => {
      await using server = await startAnswerServer(protocol, () => errorAnswer(protocol, Code.PermissionDenied));
      const { asked, token } = refreshing();
      await call(server, { token }, { code: Code.PermissionDenied, fromServer: true, attempts: 1 });
      expect(asked).toEqual([false]);
    });

    test(`${protocol}: a proxy's 401 page is refreshed once`, async () => {
      await using server = await startAnswerServer(protocol, ({ headers }) =>
        headers.authorization === `Bearer ${newToken}`
          ? okAnswer(protocol)
          : { status: 401, headers: { "content-type": "text/html" }, body: Buffer.from("<html>Sign in</html>") },
      );
      const { asked, token } = refreshing();
      await call(server, { token }, { code: "ok" });
      expect(asked).toEqual([false, true]);
      expect(server.requests).toHaveLength(2);
    });

    test(`${protocol}: the provider is asked before every attempt, and one authorization is sent`, async () => {
      await using server = await startAnswerServer(protocol, ({ n }) =>
        n <= 2 ? errorAnswer(protocol, Code.Unavailable) : okAnswer(protocol),
      );
      let n = 0;
      const asked: boolean[] = [];
      const token: Token = ({ refresh }) => {
        asked.push(refresh);
        return `${canaryToken}-${++n}`;
      };
      await call(server, { token }, { code: "ok" });
      expect(asked).toEqual([false, false, false]);
      const sent = server.requests.map(({ fields }) =>
        fields.filter(([name]) => name === "authorization").map(([, value]) => value),
      );
      expect(sent).toEqual([1, 2, 3].map((i) => [`Bearer ${canaryToken}-${i}`]));
    });

    test(`${protocol}: without a token no authorization is sent, and the caller may set it`, async () => {
      await using server = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(server, protocol, { token: undefined });
      await auth.listMyRefreshTokens({});
      await auth.listMyRefreshTokens({}, { headers: { authorization: `Bearer ${newToken}` } });
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, `Bearer ${newToken}`]);
    });
  }
});
