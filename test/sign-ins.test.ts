import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import {
  createAuthClient,
  getErrorInfo,
  type ListSignInsOptions,
  listSignIns,
  rest,
  type SignInsView,
  type UserClient,
} from "../src/node.js";
import { errorAnswer, jsonAnswer } from "./faults/answers.js";
import { startAnswerServer } from "./helpers/answer-server.js";
import { fakeSignIns, missing, session, zitadelError } from "./helpers/fake-sign-ins.js";

const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString("base64url");
const idToken = (claims: unknown) => `${encode({ alg: "RS256" })}.${encode(claims)}.c2ln`;
const brief = ({ signIns }: SignInsView) => signIns.map(({ kind, id }) => `${kind} ${id}`);
const current = ({ sessions = [] }: SignInsView) => sessions.map(({ id, isCurrent }) => `${id} ${isCurrent}`);

describe("listing sign-ins", () => {
  test("gives user, sessions and tokens, last active first", async () => {
    const { auth } = fakeSignIns();
    const now = new Date(Date.UTC(2026, 11, 1, 12));
    const view = await listSignIns(auth, { now, currentSessionId: "phone" });
    const time = (hour: number) => new Date(Date.UTC(2026, 11, 1, hour));
    const of = (id: string, hour: number, isCurrent: boolean) => ({
      id,
      state: "active",
      signedInAt: time(hour),
      changedAt: time(hour),
      factors: ["password"],
      isCurrent,
    });
    const token = { id: "app", clientId: "1@p", state: "active", lastUsedAt: time(2), scopes: [], audience: [] };
    expect(view).toStrictEqual({
      user: { id: "7", loginName: "ann@example.com", displayName: "Ann" },
      sessions: [of("laptop", 3, false), of("phone", 1, true)],
      tokens: { total: 1, truncated: false, tokens: [token] },
      incomplete: ["offline-access"],
      signIns: [
        { kind: "session", ...of("laptop", 3, false) },
        { kind: "refreshToken", ...token },
        { kind: "session", ...of("phone", 1, true) },
      ],
    });
  });

  test("asks who the user is once a client, and always for that user's sessions", async () => {
    const { auth, seen } = fakeSignIns();
    await listSignIns(auth, { currentSessionId: "laptop" });
    expect(seen.sort()).toEqual(["getMyUser", "listMyRefreshTokens", "listSessions userIdQuery"]);
    seen.length = 0;
    await listSignIns(auth, { currentSessionId: "laptop" });
    expect(seen.sort()).toEqual(["listMyRefreshTokens", "listSessions userIdQuery"]);
    seen.length = 0;
    await listSignIns(auth);
    const browser = "listSessions userIdQuery userAgentQuery";
    expect(seen.sort()).toEqual(["listMyRefreshTokens", "listSessions userIdQuery", browser]);
    seen.length = 0;
    await listSignIns(auth.withToken("another"));
    expect(seen.sort()).toEqual(["getMyUser", "listMyRefreshTokens", "listSessions userIdQuery", browser]);
  });

  test("asks who the user is once for several at a time, also if the first one stops", async () => {
    const { auth, seen } = fakeSignIns();
    await Promise.all([listSignIns(auth), listSignIns(auth), listSignIns(auth)]);
    expect(seen.filter((call) => call === "getMyUser")).toHaveLength(1);

    const controller = new AbortController();
    const another = auth.withToken("another");
    const stopped = listSignIns(another, { signal: controller.signal });
    const others = [listSignIns(another), listSignIns(another)];
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: Code.Canceled });
    for (const { user } of await Promise.all(others)) expect(user.id).toBe("7");
    expect(seen.filter((call) => call === "getMyUser").length).toBeLessThanOrEqual(3);
  });

  test("asks for the lists at a time", async () => {
    const { auth, running } = fakeSignIns();
    await listSignIns(auth);
    expect(running.most).toBe(3);
  });

  test("asks again who the user is after that failed", async () => {
    let fails = true;
    const { auth, seen } = fakeSignIns({
      getMyUser() {
        if (fails) throw new ConnectError("down", Code.Unavailable);
        return { user: { id: "7", userName: "ann" } };
      },
    });
    await expect(listSignIns(auth)).rejects.toMatchObject({ code: Code.Unavailable });
    expect(seen).toEqual(["getMyUser"]);
    fails = false;
    expect((await listSignIns(auth)).user).toEqual({ id: "7", loginName: "ann", displayName: "ann" });
  });

  test("knows a machine by its name", async () => {
    const user = { id: "7", preferredLoginName: "m@x", type: { case: "machine", value: { name: "Robot" } } } as const;
    const { auth } = fakeSignIns({ getMyUser: () => ({ user }) });
    expect((await listSignIns(auth)).user).toEqual({ id: "7", loginName: "m@x", displayName: "Robot" });
  });

  for (const user of [undefined, {}]) {
    test(`lists nothing for the user ${JSON.stringify(user)}, which would be everybody's sessions`, async () => {
      const { auth, seen } = fakeSignIns({ getMyUser: () => ({ ...(user && { user }) }) });
      await expect(listSignIns(auth)).rejects.toMatchObject({ code: Code.Internal });
      expect(seen).toEqual(["getMyUser"]);
    });
  }

  for (const [name, options, shown] of [
    ["the one of this browser", {}, ["laptop true", "phone false"]],
    ["the one that is named", { currentSessionId: "phone" }, ["laptop false", "phone true"]],
    ["the sid of an id_token", { currentIdToken: idToken({ sid: "phone" }) }, ["laptop false", "phone true"]],
    [
      "not one that a name in the id_token stands before",
      { currentIdToken: idToken({ name: "é📞", sid: "phone" }) },
      ["laptop false", "phone true"],
    ],
    [
      "the one of this browser with an id_token without sid",
      { currentIdToken: idToken({ sub: "7" }) },
      ["laptop true", "phone false"],
    ],
    ["none where the named one is not listed", { currentSessionId: "tv" }, ["laptop undefined", "phone undefined"]],
  ] as [string, ListSignInsOptions, string[]][]) {
    test(`marks ${name}`, async () => {
      const { auth } = fakeSignIns();
      const view = await listSignIns(auth, options);
      expect(current(view)).toEqual(shown);
      const isListed = options.currentSessionId !== "tv";
      expect(view.incomplete).toEqual(isListed ? ["offline-access"] : ["offline-access", "current-not-listed"]);
    });
  }

  for (const [name, answer, isListed] of [
    ["two sessions of this browser", () => ({ sessions: [session("laptop", 3), session("phone", 1)] }), true],
    ["no session of this browser", () => ({ sessions: [] }), false],
    [
      "a token that has no browser",
      () => {
        throw zitadelError(Code.InvalidArgument, "GRPC-x8n23uh");
      },
      false,
    ],
    [
      "an error of some other kind",
      () => {
        throw new ConnectError("down", Code.Unavailable);
      },
      true,
    ],
  ] as const) {
    test(`marks none, and fails not, for ${name}`, async () => {
      const sessions = [session("laptop", 3), session("phone", 1)];
      const { auth } = fakeSignIns({ listSessions: ({ queries }) => (queries[1] ? answer() : { sessions }) });
      const view = await listSignIns(auth);
      expect(current(view)).toEqual(["laptop undefined", "phone undefined"]);
      expect(view.incomplete).toEqual(isListed ? ["offline-access"] : ["offline-access", "current-not-listed"]);
    });
  }

  for (const options of [{}, { currentSessionId: "laptop" }]) {
    test(`does not call an empty list signed in nowhere, ${JSON.stringify(options)}`, async () => {
      const { auth } = fakeSignIns({ listSessions: () => ({}) });
      const view = await listSignIns(auth, options);
      expect(view).toMatchObject({ sessions: [], incomplete: ["offline-access", "current-not-listed"] });
      expect(brief(view)).toEqual(["refreshToken app"]);
    });
  }

  test("does not call an empty list whole where the server does not tell which browser asks", async () => {
    const { auth } = fakeSignIns({
      listSessions({ queries }) {
        if (queries[1]) throw new ConnectError("down", Code.Unavailable);
        return {};
      },
    });
    expect((await listSignIns(auth)).incomplete).toEqual(["offline-access", "current-not-listed"]);
  });

  test("of a server without sessions gives tokens alone", async () => {
    const { auth } = fakeSignIns({ listSessions: missing });
    const view = await listSignIns(auth);
    expect("sessions" in view).toBe(false);
    expect(view.incomplete).toEqual([]);
    expect(brief(view)).toEqual(["refreshToken app"]);
  });

  test("fails with the error of a list that is refused, rather than to show half", async () => {
    const refuse = () => {
      throw zitadelError(Code.PermissionDenied, "AUTH-5mWD2");
    };
    for (const handlers of [{ listSessions: refuse }, { listMyRefreshTokens: refuse }, { getMyUser: refuse }]) {
      const error = await listSignIns(fakeSignIns(handlers).auth).catch((reason: unknown) => reason);
      expect(getErrorInfo(error)).toMatchObject({ code: Code.PermissionDenied, id: "AUTH-5mWD2" });
    }
  });

  test("takes no other NotFound for a server without sessions, and no gateway's page", async () => {
    const notFound = () => {
      throw zitadelError(Code.NotFound, "QUERY-1kIjX");
    };
    await expect(listSignIns(fakeSignIns({ listSessions: notFound }).auth)).rejects.toMatchObject({
      code: Code.NotFound,
    });
    const page = { status: 404, headers: { "content-type": "text/html" }, body: Buffer.from("<h1>Not Found</h1>") };
    const user = jsonAnswer('{"user":{"id":"7"}}');
    await using server = await startAnswerServer("rest", ({ path }) => (path.includes("/v2/") ? page : user));
    await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest });
    await expect(listSignIns(auth)).rejects.toMatchObject({ code: Code.Unimplemented });
  });

  test("takes the gateway's bare NotFound for a server without sessions", async () => {
    const bare = errorAnswer("rest", Code.NotFound, { message: "Not Found" });
    const user = jsonAnswer('{"user":{"id":"7"}}');
    await using server = await startAnswerServer("rest", ({ path }) => (path.includes("/v2/") ? bare : user));
    await using auth = createAuthClient({ baseUrl: server.baseUrl, protocol: rest });
    expect("sessions" in (await listSignIns(auth))).toBe(false);
  });

  test("stops when its signal aborts", async () => {
    const controller = new AbortController();
    const { auth } = fakeSignIns({
      async listSessions(_, { signal }) {
        const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
        controller.abort();
        await aborted;
        return {};
      },
    });
    const { signal } = controller;
    await expect(listSignIns(auth, { signal, currentSessionId: "laptop" })).rejects.toMatchObject({
      code: Code.Canceled,
    });
  });

  for (const [options, message] of [
    [{ currentSessionId: "" }, "currentSessionId is empty: pass the id of a session"],
    [{ currentSessionId: "a/b" }, "currentSessionId is no id of a session"],
    [{ currentSessionId: 7 }, "currentSessionId must be a string, got number"],
    [{ currentSessionId: null }, "currentSessionId must be a string, got null"],
    [{ currentIdToken: "VerySecret" }, "currentIdToken is no JWT"],
    [{ currentIdToken: `VerySecret.${encode({ sid: "phone" })}` }, "currentIdToken is no JWT"],
    [{ currentIdToken: "a.VerySecret.c" }, "currentIdToken is no JWT"],
    [{ currentIdToken: `${idToken({ sid: "phone" })}.VerySecret.5` }, "currentIdToken is no JWT"],
    [{ currentIdToken: `x.${encode(null)}.x` }, "currentIdToken is no JWT"],
    [{ currentIdToken: null }, "currentIdToken is no JWT"],
    [{ currentSessionId: "phone", currentIdToken: idToken({ sid: "phone" }) }, "exclude each other"],
    [{ signal: "soon" }, "signal must be an AbortSignal"],
  ] as [ListSignInsOptions, string][]) {
    test(`refuses ${JSON.stringify(options)} before anything is sent, without showing a token`, async () => {
      const { auth, seen } = fakeSignIns();
      const error: unknown = await listSignIns(auth, options).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(String((error as Error).message)).toContain(message);
      expect(String((error as Error).stack)).not.toContain("VerySecret");
      expect(seen).toEqual([]);
    });
  }

  test("refuses a `now` that is no time before anything is sent", async () => {
    const { auth, seen } = fakeSignIns();
    await expect(listSignIns(auth, { now: Number.NaN })).rejects.toThrow(RangeError);
    expect(seen).toEqual([]);
  });

  for (const auth of [undefined, {}, { getMyUser: (_: object, _options: CallOptions) => ({}) }]) {
    test(`refuses what is no client: ${JSON.stringify(auth)}`, async () => {
      await expect(listSignIns(auth as unknown as UserClient)).rejects.toThrow(TypeError);
    });
  }
});
