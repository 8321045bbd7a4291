import { timestampDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import type { LocalZitadel } from "../../src/testing.js";
import { call, grpcJs, list } from "./grpc-js-client.js";
import { start } from "./start-local.js";

const { revokeMyRefreshToken, revokeAllMyRefreshTokens } = AuthService.method;

function bearer(zitadel: LocalZitadel): { authorization: string } {
  return { authorization: `Bearer ${zitadel.users[0].token}` };
}

describe("the list", () => {
  test("holds expired tokens too, in an order that means nothing but is always the same", async () => {
    const now = new Date();
    const zitadel = await start();
    const client = grpcJs(zitadel.url);
    const { result } = await list(client, zitadel.users[0].token);
    const ids = result.map(({ id }) => id);
    const usedAt = result.map(({ details }) => (details?.changeDate ? timestampDate(details.changeDate).getTime() : 0));
    expect(ids).not.toEqual(ids.toSorted());
    expect(usedAt).not.toEqual(usedAt.toSorted((a, b) => a - b));
    expect(usedAt).not.toEqual(usedAt.toSorted((a, b) => b - a));
    expect((await list(client, zitadel.users[0].token)).result.map(({ id }) => id)).toEqual(ids);
    const expired = result.filter(({ expiration }) => expiration && timestampDate(expiration) <= now);
    const idle = result.filter(({ idleExpiration }) => idleExpiration && timestampDate(idleExpiration) <= now);
    expect({ expired: expired.length, idle: idle.length }).toEqual({ expired: 1, idle: 1 });
  });

  test("is cut at 1000, and its total is the true one", async () => {
    const zitadel = await start({ users: [{ refreshTokens: Array.from({ length: 1001 }, () => ({})) }] });
    const { result, details } = await list(grpcJs(zitadel.url), zitadel.users[0].token);
    expect(new Set(result.map(({ id }) => id)).size).toBe(1000);
    expect(details?.totalResult).toBe(1001n);
  });

  test("has one token at most for an app on a device", async () => {
    const browser = { clientId: "app", userAgentId: "browser" };
    const refreshTokens = [
      { ...browser, id: "old" },
      { ...browser, id: "new" },
      { clientId: "app", id: "other" },
    ];
    const zitadel = await start({ users: [{ refreshTokens }] });
    const { result } = await list(grpcJs(zitadel.url), zitadel.users[0].token);
    expect(result.map(({ id }) => id).sort()).toEqual(["new", "other"]);
  });

  test("is each user's own", async () => {
    const zitadel = await start({
      users: [{ refreshTokens: [{}] }, { refreshTokens: [] }, { refreshTokens: [{}, {}] }],
    });
    const client = grpcJs(zitadel.url);
    const lists = await Promise.all(zitadel.users.map(({ token }) => list(client, token)));
    expect(lists.map(({ result }) => result.length)).toEqual([1, 0, 2]);
    expect(new Set(lists.flatMap(({ result }) => result.map(({ id }) => id))).size).toBe(3);
  });

  test("keeps the nanoseconds of a time", async () => {
    const zitadel = await start({ users: [{ refreshTokens: [{ authTime: "2025-08-01T08:45:00.123456789Z" }] }] });
    const { result } = await list(grpcJs(zitadel.url), zitadel.users[0].token);
    expect(result[0]?.authTime?.nanos).toBe(123456789);
  });
});

describe("a revoke", () => {
  test("answers who, when and in which step, but not since when", async () => {
    const zitadel = await start();
    const client = grpcJs(zitadel.url);
    const before = await list(client, zitadel.users[0].token);
    const id = before.result[0]?.id ?? "";
    const { details } = await call(client, revokeMyRefreshToken, { id }, bearer(zitadel));
    const after = await list(client, zitadel.users[0].token);
    expect(details).toMatchObject({ resourceOwner: zitadel.users[0].resourceOwner });
    expect(details?.creationDate).toBeUndefined();
    expect(details?.sequence).toBe((before.details?.processedSequence ?? 0n) + 1n);
    expect(after.details?.processedSequence).toBe(details?.sequence);
    expect(after.details?.totalResult).toBe(5n);
  });

  test("works once", async () => {
    const zitadel = await start();
    const client = grpcJs(zitadel.url);
    const id = zitadel.users[0].refreshTokens[0]?.id ?? "";
    await call(client, revokeMyRefreshToken, { id }, bearer(zitadel));
    await expect(call(client, revokeMyRefreshToken, { id }, bearer(zitadel))).rejects.toMatchObject({ code: 5 });
  });

  test("does not touch another user's token", async () => {
    const zitadel = await start({ users: [{}, {}] });
    const id = zitadel.users[1]?.refreshTokens[0]?.id ?? "";
    const revoke = call(grpcJs(zitadel.url), revokeMyRefreshToken, { id }, bearer(zitadel));
    await expect(revoke).rejects.toMatchObject({ code: 5 });
    expect(zitadel.users[1]?.refreshTokens).toHaveLength(6);
  });

  test("shows in the list only after the lag, during which revoking all fails as a whole", async () => {
    let now = Date.now();
    const zitadel = await start({ lagMs: 1000, now: () => new Date(now) });
    const client = grpcJs(zitadel.url);
    const [user] = zitadel.users;
    const before = await list(client, user.token);
    await call(client, revokeMyRefreshToken, { id: before.result[0]?.id ?? "" }, bearer(zitadel));
    expect(await list(client, user.token)).toEqual(before);
    const all = (): Promise<unknown> => call(client, revokeAllMyRefreshTokens, {}, bearer(zitadel));
    await expect(all()).rejects.toMatchObject({ code: 5 });
    expect(user.refreshTokens).toHaveLength(5);
    now += 1000;
    expect((await list(client, user.token)).result).toHaveLength(5);
    await all();
    expect(user.refreshTokens).toHaveLength(0);
  });
});

describe("the access token that was issued with a refresh token", () => {
  const listWith = (zitadel: LocalZitadel, token = ""): Promise<unknown> => list(grpcJs(zitadel.url), token);
  const invalid = { code: 16, details: "Errors.Token.Invalid (AUTH-7fs1e)" };

  test("is valid until that is revoked, and no longer", async () => {
    const zitadel = await start();
    const [user] = zitadel.users;
    const [id = "", other = ""] = user.refreshTokens.map(({ id }) => id);
    await listWith(zitadel, user.accessTokens.get(id));
    await call(grpcJs(zitadel.url), revokeMyRefreshToken, { id }, bearer(zitadel));
    await expect(listWith(zitadel, user.accessTokens.get(id))).rejects.toMatchObject(invalid);
    await listWith(zitadel, user.accessTokens.get(other));
    await listWith(zitadel, user.token);
  });

  test("can be the caller's own, which ends with all of them", async () => {
    const zitadel = await start({ users: [{ token: "mine", refreshTokens: [{ accessToken: "mine" }, {}] }] });
    await listWith(zitadel, "mine");
    await call(grpcJs(zitadel.url), revokeAllMyRefreshTokens, {}, bearer(zitadel));
    await expect(listWith(zitadel, "mine")).rejects.toMatchObject(invalid);
  });
});

describe("a sign-out", () => {
  test("ends the access token, leaves the row, and stands in the way of revoking", async () => {
    const zitadel = await start();
    const [user] = zitadel.users;
    const client = grpcJs(zitadel.url);
    const [id = ""] = user.refreshTokens.map(({ id }) => id);
    user.signOut(id);
    await expect(list(client, user.accessTokens.get(id) ?? "")).rejects.toMatchObject({ code: 16 });
    expect((await list(client, user.token)).result.map((token) => token.id)).toContain(id);
    const notFound = { code: 5, details: "Refresh Token not found (COMMAND-BHt2w)" };
    await expect(call(client, revokeMyRefreshToken, { id }, bearer(zitadel))).rejects.toMatchObject(notFound);
    await expect(call(client, revokeAllMyRefreshTokens, {}, bearer(zitadel))).rejects.toMatchObject(notFound);
    expect(user.refreshTokens).toHaveLength(5);
    expect(() => user.signOut("1")).toThrow(RangeError);
  });
});

test("the view's timestamp stands still, moves with a change, and every 3 minutes", async () => {
  const startedAt = Date.now();
  let now = startedAt;
  const zitadel = await start({ now: () => new Date(now) });
  const client = grpcJs(zitadel.url);
  const [user] = zitadel.users;
  const seenAfter = async (ms: number): Promise<number> => {
    now = startedAt + ms;
    const { details } = await list(client, user.token);
    return details?.viewTimestamp ? timestampDate(details.viewTimestamp).getTime() - startedAt : Number.NaN;
  };
  expect(await seenAfter(1000)).toBe(0);
  expect(await seenAfter(179_999)).toBe(0);
  expect(await seenAfter(180_000)).toBe(180_000);
  now = startedAt + 200_000;
  await call(client, revokeMyRefreshToken, { id: user.refreshTokens[0]?.id ?? "" }, bearer(zitadel));
  expect(await seenAfter(359_999)).toBe(200_000);
  expect(await seenAfter(400_000)).toBe(360_000);
});

test("times that are not known are left out of details, and Go's zero time elsewhere", async () => {
  const times = { authTime: null, idleExpiration: null, expiration: null, creationDate: null, changeDate: null };
  const zitadel = await start({ users: [{ refreshTokens: [times] }] });
  const [token] = (await list(grpcJs(zitadel.url), zitadel.users[0].token)).result;
  expect(token?.details?.creationDate).toBeUndefined();
  expect(token?.details?.changeDate).toBeUndefined();
  const zero = { seconds: -62135596800n, nanos: 0 };
  expect(token).toMatchObject({ authTime: zero, idleExpiration: zero, expiration: zero });
});

test("a token that a later one replaced is not listed, but can be revoked", async () => {
  const browser = { clientId: "app", userAgentId: "browser" };
  const zitadel = await start({ users: [{ refreshTokens: [{ ...browser, id: "old" }, browser] }] });
  const client = grpcJs(zitadel.url);
  await call(client, revokeMyRefreshToken, { id: "old" }, bearer(zitadel));
  await expect(call(client, revokeMyRefreshToken, { id: "old" }, bearer(zitadel))).rejects.toMatchObject({ code: 5 });
  expect(zitadel.users[0].refreshTokens).toHaveLength(1);
});
