import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { endOtherSignIns, endSignIns, listSignIns, type SignInsView, type SignInToEnd } from "../src/node.js";
import { fakeSignIns, missing, session, zitadelError } from "./helpers/fake-sign-ins.js";

/** What was sent to end something. */
const ends = (seen: readonly string[]) => seen.filter((call) => /^(delete|revoke)/.test(call));
const nothing = { ended: [], alreadyGone: [], failed: [] };

describe("ending sign-ins", () => {
  test("ends each by its own call, one at a time, the current one last", async () => {
    const { auth, seen, running } = fakeSignIns();
    const { signIns } = await listSignIns(auth);
    running.most = 0;
    seen.length = 0;
    expect(await endSignIns(auth, signIns)).toEqual({ ...nothing, ended: ["app", "phone", "laptop"] });
    expect(seen).toEqual(["revokeMyRefreshToken app", "deleteSession phone", "deleteSession laptop"]);
    expect(running.most).toBe(1);
  });

  test("ends the current one when the others are done, however many run at a time", async () => {
    const done: string[] = [];
    let doneBefore = 0;
    const { auth, seen, running } = fakeSignIns({
      async deleteSession({ sessionId }) {
        if (sessionId === "current") doneBefore = done.length;
        // The first one is done long before the others.
        if (sessionId !== "a") await sleep(20);
        done.push(sessionId);
        return {};
      },
    });
    const others = ["a", "b", "c", "d"].map((id) => ({ kind: "session" as const, id }));
    const current = { kind: "session" as const, id: "current", isCurrent: true };
    const result = await endSignIns(auth, [current, ...others], { concurrency: 4 });
    expect(result).toEqual({ ...nothing, ended: ["a", "b", "c", "d", "current"] });
    expect(doneBefore).toBe(4);
    expect(seen).toHaveLength(5);
    expect(running.most).toBe(4);
  });

  test("says what became of each", async () => {
    const { auth } = fakeSignIns({
      deleteSession({ sessionId }) {
        if (sessionId === "gone") throw zitadelError(Code.NotFound, "AUTHZ-cdgFk");
        if (sessionId === "refused") throw zitadelError(Code.PermissionDenied, "AUTHZ-cdgFk");
        if (sessionId === "wrong path") throw new ConnectError("Not Found", Code.NotFound);
        return {};
      },
      revokeMyRefreshToken() {
        throw zitadelError(Code.NotFound, "COMMAND-BHt2w");
      },
    });
    const signIns = ["gone", "wrong path", "refused", "ok"].map((id) => ({ kind: "session" as const, id }));
    const result = await endSignIns(auth, [...signIns, { kind: "refreshToken", id: "token" }]);
    expect(result).toMatchObject({ ended: ["ok"], alreadyGone: ["gone", "token"] });
    expect(result.failed.map(({ id, error }) => [id, error.code])).toEqual([
      ["wrong path", Code.NotFound],
      ["refused", Code.PermissionDenied],
    ]);
  });

  test("stops at Unauthenticated, and leaves the current one", async () => {
    const { auth, seen } = fakeSignIns({
      deleteSession() {
        throw zitadelError(Code.Unauthenticated, "AUTH-7fs1e");
      },
    });
    const { failed } = await endSignIns(auth, [
      { kind: "session", id: "current", isCurrent: true },
      { kind: "session", id: "a" },
      { kind: "session", id: "b" },
    ]);
    expect(seen).toEqual(["deleteSession a"]);
    expect(failed.map(({ id, error }) => [id, error.code])).toEqual(
      ["a", "b", "current"].map((id) => [id, Code.Unauthenticated]),
    );
  });

  test("sends one that is given twice once, and keeps kinds apart", async () => {
    const { auth, seen } = fakeSignIns();
    const session = { kind: "session", id: "1" } as const;
    await endSignIns(auth, [session, { kind: "refreshToken", id: "1" }, session]);
    expect(seen).toEqual(["deleteSession 1", "revokeMyRefreshToken 1"]);
    expect(await endSignIns(auth, [])).toEqual(nothing);
    // Last, if only one of the two says so.
    const twice = await endSignIns(auth, [{ ...session, isCurrent: true }, session, { ...session, id: "2" }]);
    expect(twice.ended).toEqual(["2", "1"]);
  });

  test("sends nothing when the signal has aborted already", async () => {
    const { auth, seen } = fakeSignIns();
    const result = await endSignIns(auth, [{ kind: "session", id: "a" }], { signal: AbortSignal.abort() });
    expect(result.failed.map(({ error }) => error.code)).toEqual([Code.Canceled]);
    expect(seen).toEqual([]);
  });

  for (const [signIns, message] of [
    ["laptop", "signIns must be an array"],
    [undefined, "signIns must be an array"],
    [["laptop"], 'signIns[0].kind must be "session" or "refreshToken"'],
    [[{ id: "1" }], 'signIns[0].kind must be "session" or "refreshToken"'],
    [[{ kind: "session", id: "1" }, { kind: "session" }], "signIns[1].id must be a string, got undefined"],
    [[{ kind: "session", id: "a/b" }], "signIns[0].id is no id of a session"],
    [[{ kind: "refreshToken", id: "" }], "signIns[0].id is empty: pass the id of a refresh token"],
    [[null], ""],
  ] as [SignInToEnd[], string][]) {
    test(`refuses ${JSON.stringify(signIns)} before anything is sent`, async () => {
      const { auth, seen } = fakeSignIns();
      const error: unknown = await endSignIns(auth, signIns).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(String((error as Error).message)).toContain(message);
      expect(seen).toEqual([]);
    });
  }
});

describe("ending all other sign-ins", () => {
  test("ends all but the current one, refresh tokens too", async () => {
    const { auth, seen } = fakeSignIns();
    const view = await listSignIns(auth);
    expect(await endOtherSignIns(auth, view)).toEqual({ ...nothing, ended: ["app", "phone"] });
    expect(ends(seen)).toEqual(["revokeMyRefreshToken app", "deleteSession phone"]);
  });

  test("keeps the current one and those in keep", async () => {
    const { auth, seen } = fakeSignIns();
    const view = await listSignIns(auth);
    expect(await endOtherSignIns(auth, view, { keep: ["app"] })).toEqual({ ...nothing, ended: ["phone"] });
    expect(ends(seen)).toEqual(["deleteSession phone"]);
  });

  test("keeps those in keep where nobody knows the current one", async () => {
    const result = [{ id: "a" }, { id: "b" }, { id: "c" }];
    const { auth, seen } = fakeSignIns({ listSessions: missing, listMyRefreshTokens: () => ({ result }) });
    const view = await listSignIns(auth);
    expect(await endOtherSignIns(auth, view, { keep: ["b"] })).toEqual({ ...nothing, ended: ["a", "c"] });
    expect(ends(seen)).toEqual(["revokeMyRefreshToken a", "revokeMyRefreshToken c"]);
  });

  for (const [name, handlers] of [
    ["two sessions are of this browser", { listSessions: () => ({ sessions: [session("a", 1), session("b", 2)] }) }],
    ["the server has no sessions", { listSessions: missing }],
    ["the list is empty", { listSessions: () => ({}), listMyRefreshTokens: () => ({}) }],
  ] as const) {
    test(`is refused, and nothing sent, where ${name}`, async () => {
      const { auth, seen } = fakeSignIns(handlers);
      const view = await listSignIns(auth);
      seen.length = 0;
      for (const options of [undefined, {}, { keep: [] }]) {
        const call = endOtherSignIns(auth, view, options);
        await expect(call).rejects.toThrow(TypeError);
        await expect(call).rejects.toThrow("nobody knows which sign-in is this one");
      }
      expect(seen).toEqual([]);
    });
  }

  for (const [keep, message] of [
    [["app", "ap"], "keep names ap, which is not in the view"],
    [[""], "keep names"],
    [[7], "keep names 7"],
    ["app", "keep must be an array of ids"],
    [null, "keep must be an array of ids"],
  ] as [string[], string][]) {
    test(`is refused for keep ${JSON.stringify(keep)}, which would end what was to be kept`, async () => {
      const { auth, seen } = fakeSignIns();
      const view = await listSignIns(auth);
      seen.length = 0;
      const call = endOtherSignIns(auth, view, { keep });
      await expect(call).rejects.toThrow(TypeError);
      await expect(call).rejects.toThrow(message);
      expect(seen).toEqual([]);
    });
  }

  test("is refused for the view of another user, also by a client that never listed", async () => {
    const { auth: other } = fakeSignIns({ getMyUser: () => ({ user: { id: "8" } }) });
    const view = await listSignIns(other);
    const { auth, seen } = fakeSignIns();
    await expect(endOtherSignIns(auth, view)).rejects.toThrow(
      new TypeError("the view is another user's: list again with this client"),
    );
    expect(seen).toEqual(["getMyUser"]);
    await expect(endOtherSignIns(auth, view)).rejects.toThrow(TypeError);
    expect(seen).toEqual(["getMyUser"]);
  });

  for (const view of [undefined, {}, { user: { id: "7" } }]) {
    test(`is refused for what is no view: ${JSON.stringify(view)}`, async () => {
      const { auth, seen } = fakeSignIns();
      await expect(endOtherSignIns(auth, view as unknown as SignInsView)).rejects.toThrow(
        "view must be what listSignIns returns",
      );
      expect(seen).toEqual([]);
    });
  }
});
