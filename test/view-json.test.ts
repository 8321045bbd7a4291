import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../gen/zitadel/auth_pb.js";
import { viewRefreshTokens } from "../src/view.js";
import { type RefreshTokensJson, viewFromJson, viewToJson } from "../src/view-json.js";

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
