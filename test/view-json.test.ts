import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../gen/zitadel/auth_pb.js";
import { listSignIns } from "../src/sign-ins.js";
import { viewRefreshTokens } from "../src/view.js";
import { type RefreshTokensJson, type SignInsJson, viewFromJson, viewToJson } from "../src/view-json.js";
import { fakeSignIns } from "./helpers/fake-sign-ins.js";

const time = "2025-08-01T08:45:00.123Z";
const view = viewRefreshTokens(
  create(ListMyRefreshTokensResponseSchema, {
    details: { totalResult: 1n, viewTimestamp: timestampFromDate(new Date(time)) },
    result: [{ id: "1", clientId: "app", scopes: ["openid"], expiration: timestampFromDate(new Date(time)) }],
  }),
  { now: new Date("2025-08-01T00:00:00Z") },
);
const json: RefreshTokensJson = {
  total: 1,
  truncated: false,
  asOf: time,
  tokens: [
    {
      id: "1",
      clientId: "app",
      state: "active",
      expiresAt: time,
      usableUntil: time,
      scopes: ["openid"],
      audience: [],
    },
  ],
};

describe("a view in JSON", () => {
  test("has strings where the view has dates, and nothing where it has none", () => {
    expect(viewToJson(view)).toStrictEqual(json);
    expect(JSON.parse(JSON.stringify(view))).toStrictEqual(json);
  });

  test("is read back with its dates, and stays as it was", () => {
    const before = JSON.stringify(json);
    expect(viewFromJson(json)).toStrictEqual(view);
    expect(JSON.stringify(json)).toBe(before);
  });

  test("is a list without times as well", () => {
    const empty = { total: 0, truncated: false, tokens: [] };
    expect(viewFromJson(viewToJson(empty))).toStrictEqual(empty);
  });

  for (const wrong of [undefined, null, "text", 7, {}, { tokens: {} }]) {
    test(`is not ${JSON.stringify(wrong)}`, () => {
      expect(() => viewFromJson(wrong as unknown as RefreshTokensJson)).toThrow(TypeError);
      expect(() => viewFromJson(wrong as unknown as RefreshTokensJson)).toThrow("has no list of tokens");
    });
  }

  for (const wrong of ["soon", "", null, 0, {}]) {
    test(`has no time that is ${JSON.stringify(wrong)}`, () => {
      const [token] = json.tokens;
      const bad = { ...json, tokens: [{ ...token, usableUntil: wrong }] } as unknown as RefreshTokensJson;
      expect(() => viewFromJson(bad)).toThrow(
        new TypeError("viewFromJson: usableUntil is no time such as viewToJson writes"),
      );
      expect(() => viewFromJson({ ...json, asOf: wrong } as RefreshTokensJson)).toThrow(
        "viewFromJson: asOf is no time",
      );
    });
  }
});

describe("sign-ins in JSON", () => {
  const hour = (n: number) => `2026-12-01T0${n}:00:00.000Z`;
  const of = (id: string, n: number) => ({ id, state: "active", signedInAt: hour(n), changedAt: hour(n) });
  const now = new Date("2026-12-01T12:00:00Z");

  test("have strings where the view has dates, and are read back", async () => {
    const signIns = await listSignIns(fakeSignIns().auth, { now });
    const plain: SignInsJson = viewToJson(signIns);
    expect(plain).toMatchObject({
      user: { id: "7", displayName: "Ann" },
      sessions: [of("laptop", 3), of("phone", 1)],
      tokens: { tokens: [{ id: "app", lastUsedAt: hour(2) }] },
      incomplete: ["offline-access"],
      signIns: [of("laptop", 3), { kind: "refreshToken", id: "app", lastUsedAt: hour(2) }, of("phone", 1)],
    });
    expect(viewFromJson(JSON.parse(JSON.stringify(signIns)))).toStrictEqual(signIns);
    expect(viewFromJson(plain)).toStrictEqual(signIns);
  });

  test("may be sessions alone", async () => {
    const { sessions = [] } = await listSignIns(fakeSignIns().auth, { now });
    expect(viewToJson(sessions)).toMatchObject([of("laptop", 3), of("phone", 1)]);
    expect(viewFromJson(viewToJson(sessions))).toStrictEqual(sessions);
    expect(() => viewFromJson([{ ...viewToJson(sessions)[0], changedAt: "soon" } as never])).toThrow(
      "viewFromJson: changedAt is no time",
    );
  });
});
