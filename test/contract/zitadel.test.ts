import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AuthService, RevokeAllMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { getErrorInfo } from "../../src/node.js";
import { type LocalUser, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { onePerProtocol, type Subject } from "./subjects.js";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A local ZITADEL of the test's own, and a client of its first user. */
async function start(
  subject: Subject,
  options: LocalZitadelOptions = {},
  token: (user: LocalUser) => string | undefined = (user) => user.token,
) {
  const zitadel = await startLocalZitadel(options);
  open.push(() => zitadel.close());
  const [user] = zitadel.users;
  const { transport, close } = subject.open(zitadel.url, token(user));
  open.push(close);
  return { zitadel, user, auth: createClient(AuthService, transport) };
}

async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  const error = await call.then(
    (message) => expect(message).toBe("an error"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

/** ZITADEL lists in no particular order. */
function byId<T extends { id: string }>(tokens: readonly T[]): T[] {
  return tokens.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** What a caller sees of an error. */
function seen(error: ConnectError) {
  const { id } = getErrorInfo(error);
  return { code: Code[error.code], message: error.rawMessage, id };
}

for (const subject of onePerProtocol) {
  describe(subject.name, () => {
    describe("list", () => {
      test("gives every token the user has", async () => {
        const { auth, user } = await start(subject);
        const { details, result } = await auth.listMyRefreshTokens({});
        expect(result).toHaveLength(6);
        expect(byId(result)).toEqual(byId(user.refreshTokens));
        expect(details?.totalResult).toBe(6n);
        expect(details?.viewTimestamp).toBeDefined();
      });

      test("gives none for a user who has none", async () => {
        const { auth } = await start(subject, { users: [{ refreshTokens: [] }] });
        const { details, result } = await auth.listMyRefreshTokens({});
        expect(result).toEqual([]);
        expect(details?.totalResult).toBe(0n);
      });

      test("gives 1000 of 1001", async () => {
        const refreshTokens = Array.from({ length: 1001 }, (_, i) => ({ clientId: "app", userAgentId: String(i) }));
        const { auth, user } = await start(subject, { users: [{ refreshTokens }] });
        const { details, result } = await auth.listMyRefreshTokens({});
        expect(result).toHaveLength(1000);
        const listed = new Set(result.map(({ id }) => id));
        expect(byId(result)).toEqual(byId(user.refreshTokens.filter(({ id }) => listed.has(id))));
        expect(details?.totalResult).toBe(1001n);
      });

      test("keeps names in any script", async () => {
        const scopes = ["ünï", "日本語", "🔑👩‍👩‍👧", "\u202eabc", 'a"b\\c', "x".repeat(10_000)];
        const { auth } = await start(subject, { users: [{ refreshTokens: [{ clientId: "é@日本", scopes }] }] });
        const { result } = await auth.listMyRefreshTokens({});
        expect(result[0]?.clientId).toBe("é@日本");
        expect(result[0]?.scopes).toEqual(scopes);
      });
    });

    describe("revoke", () => {
      test("ends one token, and only once", async () => {
        const { auth, user } = await start(subject);
        const [first, ...others] = user.refreshTokens;
        const id = first?.id ?? "";
        const { details } = await auth.revokeMyRefreshToken({ id });
        expect(details?.resourceOwner).toBe(user.resourceOwner);
        expect(details?.sequence).toBeGreaterThan(0n);
        expect(details?.changeDate).toBeDefined();
        expect(details?.creationDate).toBeUndefined();
        expect(byId((await auth.listMyRefreshTokens({})).result)).toEqual(byId(others));
        expect(seen(await errorOf(auth.revokeMyRefreshToken({ id })))).toEqual({
          code: "NotFound",
          message: "Refresh Token not found (COMMAND-BHt2w)",
          id: "COMMAND-BHt2w",
        });
      });

      test("tells in the caller's language, with the same id", async () => {
        const { auth, zitadel } = await start(subject);
        const headers = { "accept-language": "ja" };
        const message = "リフレッシュトークンが見つかりません";
        zitadel.fail({ kind: "status", code: Code.NotFound, id: "COMMAND-BHt2w", message });
        expect(seen(await errorOf(auth.revokeMyRefreshToken({ id: "1" }, { headers })))).toEqual({
          code: "NotFound",
          message: "リフレッシュトークンが見つかりません (COMMAND-BHt2w)",
          id: "COMMAND-BHt2w",
        });
        expect(zitadel.requests.at(-1)?.headers["accept-language"]).toBe("ja");
      });

      for (const [what, id] of [
        ["empty", ""],
        ["a dot", "."],
        ["two dots", ".."],
        ["a path", "a/b"],
        ["too long", "x".repeat(201)],
        ["no ASCII", "é日🔑"],
        ["a control character", "a\n"],
      ]) {
        test(`of an id that is ${what} is a mistake of the caller's on every protocol`, async () => {
          const { auth, zitadel } = await start(subject);
          const thrown = await auth.revokeMyRefreshToken({ id: id as string }).catch((error: unknown) => error);
          expect(thrown).toBeInstanceOf(TypeError);
          expect(String(thrown)).toMatch(/^TypeError: id /);
          expect(zitadel.requests).toHaveLength(0);
        });
      }

      test("of an odd id reaches ZITADEL as it is", async () => {
        const id = " +&?#%2F;'()*!~=,:@$[]<>\"\\";
        const { auth, user } = await start(subject, { users: [{ refreshTokens: [{ id }] }] });
        await auth.revokeMyRefreshToken({ id });
        expect(user.refreshTokens).toEqual([]);
      });
    });

    describe("revoke all", () => {
      test("ends every token, and fails where there is none", async () => {
        const { auth, user } = await start(subject);
        expect(await auth.revokeAllMyRefreshTokens({})).toEqual(create(RevokeAllMyRefreshTokensResponseSchema));
        expect(user.refreshTokens).toEqual([]);
        expect((await auth.listMyRefreshTokens({})).result).toEqual([]);
        expect(seen(await errorOf(auth.revokeAllMyRefreshTokens({})))).toEqual({
          code: "InvalidArgument",
          message: "ID missing (COMMAND-Gfj42)",
          id: "COMMAND-Gfj42",
        });
      });
    });

    describe("errors", () => {
      for (const [title, token, code, message, id] of [
        ["no token", () => undefined, "Unauthenticated", "auth header missing", undefined],
        ["an unknown token", () => "nobody", "Unauthenticated", "Errors.Token.Invalid (AUTH-7fs1e)", "AUTH-7fs1e"],
        [
          "an expired token",
          (user) => user.tokens.expired,
          "Unauthenticated",
          "Errors.Token.Invalid (AUTH-7fs1e)",
          "AUTH-7fs1e",
        ],
        [
          "a token for another audience",
          (user) => user.tokens.wrongAudience,
          "Unauthenticated",
          "Errors.Token.Invalid (AUTH-7fs1e)",
          "AUTH-7fs1e",
        ],
        [
          "a token that needs a second factor",
          (user) => user.tokens.mfaRequired,
          "PermissionDenied",
          "mfa required (AUTHZ-Kl3p0)",
          "AUTHZ-Kl3p0",
        ],
        [
          "an impersonation token",
          (user) => user.tokens.impersonation,
          "PermissionDenied",
          "Errors.TokenExchange.Token.NotForAPI (APP-wai8O)",
          "APP-wai8O",
        ],
      ] as [string, (user: LocalUser) => string | undefined, string, string, string | undefined][]) {
        test(`${title} is ${code}`, async () => {
          const { auth } = await start(subject, {}, token);
          expect(seen(await errorOf(auth.listMyRefreshTokens({})))).toEqual({ code, message, id });
        });
      }

      test("a header of the caller reaches ZITADEL, which may refuse it", async () => {
        const { auth, user } = await start(subject);
        const list = (orgId: string) => auth.listMyRefreshTokens({}, { headers: { "x-zitadel-orgid": orgId } });
        expect((await list(user.resourceOwner)).result).toHaveLength(6);
        expect(seen(await errorOf(list("nobody")))).toEqual({
          code: "PermissionDenied",
          message: "Organisation doesn't exist (AUTH-Bs7Ds)",
          id: "AUTH-Bs7Ds",
        });
      });

      test("ZITADEL 4.11's errors have the code that was meant", async () => {
        const { auth } = await start(subject, { release: "4.11" }, () => undefined);
        expect(seen(await errorOf(auth.listMyRefreshTokens({})))).toEqual({
          code: "Unauthenticated",
          message: "auth header missing",
        });
      });
    });
  });
}
