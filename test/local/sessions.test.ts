import { timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import type { LocalSessionOptions, LocalZitadel } from "../../src/testing.js";
import { type Answer, callRpc, deleteSession, getMyUser, listSessions, protocols } from "./call-rpc.js";
import { start } from "./start-local.js";

const browser = (fingerprintId: string): LocalSessionOptions => ({ userAgent: { fingerprintId } });

async function list({ url }: LocalZitadel, token: string, request: Record<string, unknown> = {}) {
  const answer = await callRpc(url, "rest", { method: listSessions, request, token });
  if (!("message" in answer)) return answer;
  const { details, sessions = [] } = answer.message as unknown as {
    details: { totalResult?: string };
    sessions?: { id: string }[];
  };
  return { total: Number(details.totalResult ?? 0), ids: sessions.map(({ id }) => id).sort() };
}

function end({ url }: LocalZitadel, token: string, sessionId: string): Promise<Answer> {
  return callRpc(url, "rest", { method: deleteSession, request: { sessionId }, token });
}

const invalidToken = { code: 16, text: "Errors.Token.Invalid (AUTH-7fs1e)", id: "AUTH-7fs1e" };
const notFound = { code: 5, text: "membership not found (AUTHZ-cdgFk)", id: "AUTHZ-cdgFk" };
const ofThisBrowser = { queries: [{ userAgentQuery: {} }] };

describe("who calls", () => {
  for (const release of ["2.44", "4", "4.11"] as const) {
    for (const protocol of protocols) {
      test(`is told over ${protocol} by ${release}`, async () => {
        const users = [{ id: "17", loginName: "jo@example.com", displayName: "Jo Doe" }, {}];
        const { url, users: known } = await start({ users, release });
        const user = {
          id: "17",
          userName: "jo@example.com",
          preferredLoginName: "jo@example.com",
          human: { profile: { displayName: "Jo Doe" } },
        };
        const call = { method: getMyUser, token: known[0].token };
        expect(await callRpc(url, protocol, call)).toEqual({ message: { user } });
        const other = await callRpc(url, protocol, { method: getMyUser, token: known[1]?.tokens.personal });
        expect(other).toMatchObject({ message: { user: { id: known[1]?.id, userName: "user2@demo.localhost" } } });
      });
    }
  }
});

describe("which browser a token came from", () => {
  const users = [{ sessions: [browser("a"), browser("a"), browser("b"), {}], refreshTokens: [{ id: "old" }] }];

  test("finds its sessions, more than one in one browser", async () => {
    const zitadel = await start({ users });
    const [{ token, tokens, sessions, accessTokens }] = zitadel.users;
    const [first = "", second = "", third = ""] = sessions.map(({ id }) => id);
    expect(await list(zitadel, token, ofThisBrowser)).toEqual({ total: 2, ids: [first, second] });
    expect(await list(zitadel, tokens.refreshed, ofThisBrowser)).toEqual({ total: 2, ids: [first, second] });
    expect(await list(zitadel, accessTokens.get(third) ?? "", ofThisBrowser)).toEqual({ total: 1, ids: [third] });
  });

  test("is none of a token of the old login", async () => {
    const zitadel = await start({ users });
    const [{ accessTokens }] = zitadel.users;
    expect(await list(zitadel, accessTokens.get("old") ?? "", ofThisBrowser)).toEqual({ total: 0, ids: [] });
    const without = await start({ users: [{ sessions: [] }] });
    expect(await list(without, without.users[0].token, ofThisBrowser)).toEqual({ total: 0, ids: [] });
  });

  for (const protocol of protocols) {
    test(`is not known of a personal access token, over ${protocol}`, async () => {
      const { url, users: known } = await start({ users });
      const [{ tokens }] = known;
      const call = { method: listSessions, token: tokens.personal };
      expect(await callRpc(url, protocol, { ...call, request: ofThisBrowser })).toEqual({
        code: 3,
        text: "List.Query.Invalid (GRPC-x8n23uh)",
        id: "GRPC-x8n23uh",
      });
      expect(await callRpc(url, protocol, { ...call, request: { queries: [{}] } })).toMatchObject({ id: "GRPC-Sfefs" });
      expect(await callRpc(url, protocol, call)).toMatchObject({ message: { details: { totalResult: "4" } } });
    });
  }

  test("can be named", async () => {
    const zitadel = await start({ users });
    const [{ tokens, sessions }] = zitadel.users;
    const request = { queries: [{ userAgentQuery: { fingerprintId: "b" } }] };
    expect(await list(zitadel, tokens.personal, request)).toEqual({ total: 1, ids: [sessions[2]?.id] });
  });
});

describe("a list of sessions", () => {
  const users = [{ sessions: [browser("a"), {}] }, { sessions: [browser("a"), {}, {}] }];

  test("counts other users', and shows those of the same browser", async () => {
    const zitadel = await start({ users });
    const [first, second] = zitadel.users;
    const ids = [...first.sessions, ...(second?.sessions.slice(0, 1) ?? [])].map(({ id }) => id).sort();
    expect(await list(zitadel, first.token)).toEqual({ total: 5, ids });
    expect(await list(zitadel, first.tokens.personal)).toEqual({ total: 5, ids: first.sessions.map(({ id }) => id) });
  });

  test("is of the caller alone where the caller is asked for, and all conditions hold", async () => {
    const zitadel = await start({ users });
    const [{ id, token, sessions }] = zitadel.users;
    const own = { userIdQuery: { id } };
    expect(await list(zitadel, token, { queries: [own] })).toEqual({ total: 2, ids: sessions.map(({ id }) => id) });
    const both = { queries: [own, { userAgentQuery: {} }] };
    expect(await list(zitadel, token, both)).toEqual({ total: 1, ids: [sessions[0]?.id] });
  });

  test("is cut before what the caller may not see is taken out", async () => {
    const sessions = Array.from({ length: 5 }, (_, i) => ({ creationDate: `2026-01-0${i + 1}T00:00:00Z` }));
    const zitadel = await start({ users: [{ sessions: sessions.slice(0, 2) }, { sessions: sessions.slice(2) }] });
    const [{ token, sessions: own }] = zitadel.users;
    const oldestFirst = { sortingColumn: "SESSION_FIELD_NAME_CREATION_DATE" };
    const part = (query: object) => list(zitadel, token, { ...oldestFirst, query });
    expect(await part({ asc: true, offset: 1, limit: 2 })).toEqual({ total: 5, ids: [own[1]?.id] });
    expect(await part({ limit: 3 })).toEqual({ total: 5, ids: [] });
    expect(await part({ offset: 3 })).toEqual({ total: 5, ids: own.map(({ id }) => id) });
  });
});

describe("ending a session", () => {
  test("answers a repeat as the first time", async () => {
    let now = Date.parse("2026-12-01T12:00:00Z");
    const zitadel = await start({ now: () => new Date(now), users: [{ sessions: [{}, { id: "phone" }] }] });
    const [{ token }] = zitadel.users;
    const first = await end(zitadel, token, "phone");
    now += 5000;
    expect(await end(zitadel, token, "phone")).toEqual(first);
    expect(first).toMatchObject({ message: { details: { changeDate: "2026-12-01T12:00:00Z" } } });
  });

  test("ends every access token that came from it, and no other", async () => {
    const zitadel = await start({ users: [{ sessions: [{}, { id: "phone" }] }], lagMs: 60_000 });
    const [{ token, tokens, sessions, accessTokens }] = zitadel.users;
    const [{ id } = { id: "" }] = sessions;
    expect(accessTokens.get(id)).toBe(token);
    expect(await end(zitadel, token, id)).toMatchObject({ message: { details: { sequence: "5" } } });
    expect(await list(zitadel, token)).toEqual(invalidToken);
    expect(await list(zitadel, tokens.refreshed)).toEqual(invalidToken);
    expect(await list(zitadel, tokens.personal)).toEqual({ total: 1, ids: ["phone"] });
    expect(await list(zitadel, accessTokens.get("phone") ?? "")).toEqual({ total: 1, ids: ["phone"] });
    expect(zitadel.users[0].sessions.map((session) => session.id)).toEqual(["phone"]);
  });

  test("leaves refresh tokens and their access tokens alone", async () => {
    const zitadel = await start({ users: [{ refreshTokens: [{ id: "mail" }] }] });
    const [{ tokens, sessions, accessTokens }] = zitadel.users;
    for (const { id } of sessions) await end(zitadel, tokens.personal, id);
    expect(zitadel.users[0].sessions).toEqual([]);
    expect(zitadel.users[0].refreshTokens).toHaveLength(1);
    expect(await list(zitadel, accessTokens.get("mail") ?? "")).toEqual({ total: 0, ids: [] });
  });

  for (const protocol of protocols) {
    test(`is refused for another user's and for ids that cannot be, over ${protocol}`, async () => {
      const { url, users } = await start({ users: [{}, { sessions: [{ id: "other" }] }] });
      const [{ token }] = users;
      const call = (sessionId: string) =>
        callRpc(url, protocol, { method: deleteSession, request: { sessionId }, token });
      expect(await call("other")).toEqual(notFound);
      const rule = "value length must be between 1 and 200 runes, inclusive";
      const tooLong = { code: 3, text: `invalid DeleteSessionRequest.SessionId: ${rule}`, id: undefined };
      expect(await call("1".repeat(201))).toEqual(tooLong);
      expect(await call("")).toEqual(tooLong);
      expect(users[1]?.sessions).toHaveLength(1);
    });
  }
});

describe("2.44 has no sessions to list", () => {
  for (const [protocol, text] of [
    ["grpc", "unknown service zitadel.session.v2.SessionService"],
    ["grpc-web", "unknown service zitadel.session.v2.SessionService"],
    ["rest", "Not Found"],
  ] as const) {
    test(`over ${protocol}`, async () => {
      const { url, users } = await start({ release: "2.44" });
      const [{ token, sessions }] = users;
      expect(sessions).toEqual([]);
      for (const [method, request] of [
        [listSessions, {}],
        [deleteSession, { sessionId: "1" }],
      ] as const) {
        const answer = await callRpc(url, protocol, { method, request, token });
        expect(answer).toEqual({ code: protocol === "rest" ? 5 : 12, text, id: undefined });
      }
    });
  }

  test("its apps have the name of the project in their client ids", async () => {
    const clients = async (release: "2.44" | "4"): Promise<string[]> => {
      const [demo, bare] = (await start({ release, users: [{}, { refreshTokens: [{}] }] })).users;
      return [...demo.refreshTokens, ...(bare?.refreshTokens ?? [])].map(({ clientId }) => clientId);
    };
    const old = await clients("2.44");
    for (const id of old) expect(id).toMatch(/^\d{18}@[a-z]+$/);
    expect(await clients("4")).toEqual(old.map((id) => id.replace(/@.*/, "")));
    // Two apps in one project.
    expect(new Set(old.map((id) => id.replace(/.*@/, ""))).size).toBeLessThan(new Set(old).size);
  });
});

describe("the demo sessions", () => {
  test("are a laptop, a phone, an expired one, an unfinished one and one without a browser", async () => {
    const now = new Date("2026-12-01T12:00:00Z");
    const { users } = await start({ now: () => now });
    const seen = users[0].sessions.map(({ factors, expirationDate, userAgent }) => ({
      shown: Object.entries(factors ?? {}).flatMap(([name, value]) => (typeof value === "object" ? [name] : [])),
      expired: expirationDate && timestampDate(expirationDate) < now,
      device: userAgent?.description?.split(",")[0],
    }));
    expect(seen).toEqual([
      { shown: ["user", "password", "totp"], expired: false, device: "Chrome" },
      { shown: ["user", "webAuthN"], expired: false, device: "Mobile Safari" },
      { shown: ["user", "password"], expired: true, device: "Firefox" },
      { shown: ["user"], expired: false, device: "Edge" },
      { shown: ["user", "intent"], expired: undefined, device: undefined },
    ]);
    expect(users[0].sessions[1]?.factors?.webAuthN?.userVerified).toBe(true);
  });

  test("belong to one user each, also by their browsers", async () => {
    const zitadel = await start({ users: [{}, {}] });
    const [{ token, sessions }] = zitadel.users;
    expect(await list(zitadel, token)).toEqual({ total: 10, ids: sessions.map(({ id }) => id) });
  });
});

test("a session's access token can be given, and is then the user's", async () => {
  const { users } = await start({ users: [{ sessions: [{ accessToken: "abc" }] }] });
  expect(users[0].token).toBe("abc");
});
