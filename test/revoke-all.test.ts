import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { createAuthClient, grpc, grpcWeb, rest, revokeAllRefreshTokens } from "../src/node.js";
import { startLocalZitadel } from "../src/testing.js";
import { fakeSignIns, zitadelError } from "./helpers/fake-sign-ins.js";

const result = [{ id: "a" }, { id: "b" }, { id: "c" }];
const list = { listMyRefreshTokens: () => ({ result }) };
const nothing = { revoked: [], alreadyGone: [], failed: [] };

describe("revoking all refresh tokens", () => {
  test("takes one call", async () => {
    const { auth, seen } = fakeSignIns(list);
    expect(await revokeAllRefreshTokens(auth)).toEqual({ ...nothing, revoked: ["a", "b", "c"] });
    expect(seen).toEqual(["listMyRefreshTokens", "revokeAllMyRefreshTokens"]);
  });

  test("goes one by one where one that is gone blocks the one call", async () => {
    const { auth, seen } = fakeSignIns({
      ...list,
      revokeAllMyRefreshTokens() {
        throw zitadelError(Code.NotFound, "COMMAND-BHt2w");
      },
      revokeMyRefreshToken({ id }) {
        if (id === "b") throw zitadelError(Code.NotFound, "COMMAND-BHt2w");
        return {};
      },
    });
    expect(await revokeAllRefreshTokens(auth)).toEqual({ revoked: ["a", "c"], alreadyGone: ["b"], failed: [] });
    expect(seen.slice(2)).toEqual(["a", "b", "c"].map((id) => `revokeMyRefreshToken ${id}`));
  });

  test("knows that somebody else was faster", async () => {
    const { auth } = fakeSignIns({
      ...list,
      revokeAllMyRefreshTokens() {
        throw zitadelError(Code.InvalidArgument, "COMMAND-Gfj42");
      },
    });
    expect(await revokeAllRefreshTokens(auth)).toEqual({ ...nothing, alreadyGone: ["a", "b", "c"] });
  });

  test("keeps those that are excepted", async () => {
    const { auth, seen } = fakeSignIns(list);
    expect(await revokeAllRefreshTokens(auth, { except: ["b"] })).toEqual({ ...nothing, revoked: ["a", "c"] });
    expect(seen).toEqual(["listMyRefreshTokens", "revokeMyRefreshToken a", "revokeMyRefreshToken c"]);
    seen.length = 0;
    expect(await revokeAllRefreshTokens(auth, { except: ["a", "b", "c"] })).toEqual(nothing);
    expect(seen).toEqual(["listMyRefreshTokens"]);
  });

  test("asks for nothing more where there is none", async () => {
    const { auth, seen } = fakeSignIns({ listMyRefreshTokens: () => ({}) });
    expect(await revokeAllRefreshTokens(auth)).toEqual(nothing);
    expect(seen).toEqual(["listMyRefreshTokens"]);
  });

  test("revokes nothing where an excepted one is not listed", async () => {
    const { auth, seen } = fakeSignIns(list);
    const call = revokeAllRefreshTokens(auth, { except: ["a", "bb"] });
    await expect(call).rejects.toThrow(new TypeError("except names bb, which ZITADEL does not list"));
    expect(seen).toEqual(["listMyRefreshTokens"]);
  });

  for (const except of ["a", null, [""], ["a/b"], [7]]) {
    test(`refuses except ${JSON.stringify(except)} before anything is sent`, async () => {
      const { auth, seen } = fakeSignIns(list);
      await expect(revokeAllRefreshTokens(auth, { except: except as string[] })).rejects.toThrow(TypeError);
      expect(seen).toEqual([]);
    });
  }

  test("fails as the one call does", async () => {
    const { auth, seen } = fakeSignIns({
      ...list,
      revokeAllMyRefreshTokens() {
        throw zitadelError(Code.PermissionDenied, "AUTH-5mWD2");
      },
    });
    await expect(revokeAllRefreshTokens(auth)).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(seen).toHaveLength(2);
  });

  test("stops when its signal aborts", async () => {
    const { auth, seen } = fakeSignIns(list);
    await expect(revokeAllRefreshTokens(auth, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: Code.Canceled,
    });
    await expect(revokeAllRefreshTokens(auth, { signal: "soon" as never })).rejects.toThrow(TypeError);
    expect(seen).toEqual([]);
  });

  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`works on a ZITADEL over ${protocol.name}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const ids = user.refreshTokens.map(({ id }) => id);
      await using auth = createAuthClient({ baseUrl: zitadel.url, token: user.token, protocol });
      const others = ids.filter((id) => id !== ids[2]).sort();
      const kept = await revokeAllRefreshTokens(auth, { except: [ids[2] as string] });
      expect(kept.revoked.toSorted()).toEqual(others);
      expect(user.refreshTokens.map(({ id }) => id)).toEqual([ids[2]]);
      expect(await revokeAllRefreshTokens(auth)).toEqual({ ...nothing, revoked: [ids[2]] });
      expect(user.refreshTokens).toEqual([]);
    });
  }
});
