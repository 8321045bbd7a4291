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
