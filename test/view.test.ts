import { create, fromBinary, fromJson, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { ListMyRefreshTokensResponseSchema } from "../gen/zitadel/auth_pb.js";
import type { RefreshTokenSchema } from "../gen/zitadel/user_pb.js";
import { type RefreshTokenState, viewRefreshTokens } from "../src/view.js";
import { viewFromJson, viewToJson } from "../src/view-json.js";

const now = new Date("2025-09-15T12:00:00Z");
const before = new Date("2025-09-15T11:59:59.999Z");
const after = new Date("2025-09-15T12:00:00.001Z");

type TokenInit = MessageInitShape<typeof RefreshTokenSchema>;

const respond = (result: TokenInit[], totalResult = BigInt(result.length)) =>
  create(ListMyRefreshTokensResponseSchema, { details: { totalResult }, result });

const usedAt = (id: string, date?: Date): TokenInit => ({
  id,
  details: date ? { changeDate: timestampFromDate(date) } : {},
});

describe("viewRefreshTokens", () => {
  test("tells what ZITADEL's recorded answer says", () => {
    const response = fromJson(ListMyRefreshTokensResponseSchema, {
      details: { totalResult: "1", processedSequence: "2678", viewTimestamp: "2025-08-01T08:45:00.123456Z" },
      result: [
        {
          id: "324567890123456789",
          details: {
            sequence: "100",
            creationDate: "2025-08-01T08:45:00.123456Z",
            changeDate: "2025-08-01T09:45:00.123456Z",
            resourceOwner: "69629023906488334",
          },
          clientId: "69629023906488335@zitadel",
          authTime: "2025-08-01T08:45:00Z",
          idleExpiration: "2025-08-31T08:45:00.123456Z",
          expiration: "2025-10-30T08:45:00.123456Z",
          scopes: ["openid", "offline_access"],
          audience: ["69629023906488335@zitadel", "69629023906481256"],
        },
      ],
    });
    expect(viewRefreshTokens(response, { now })).toStrictEqual({
      total: 1,
      truncated: false,
      asOf: new Date("2025-08-01T08:45:00.123Z"),
      tokens: [
        {
          id: "324567890123456789",
          clientId: "69629023906488335@zitadel",
          state: "idle-expired",
          signedInAt: new Date("2025-08-01T08:45:00Z"),
          lastUsedAt: new Date("2025-08-01T09:45:00.123Z"),
          idleExpiresAt: new Date("2025-08-31T08:45:00.123Z"),
          expiresAt: new Date("2025-10-30T08:45:00.123Z"),
          usableUntil: new Date("2025-08-31T08:45:00.123Z"),
          scopes: ["openid", "offline_access"],
          audience: ["69629023906488335@zitadel", "69629023906481256"],
        },
      ],
    });
  });

  test("an empty answer is an empty list", () => {
    const view = viewRefreshTokens(create(ListMyRefreshTokensResponseSchema));
    expect(view).toStrictEqual({ total: 0, truncated: false, tokens: [] });
  });

  const states: [string, { idle?: Date; absolute?: Date }, RefreshTokenState, Date | undefined][] = [
    ["both to come", { idle: after, absolute: new Date(9e14) }, "active", after],
    ["the absolute one first", { idle: new Date(9e14), absolute: after }, "active", after],
    ["idle over", { idle: before, absolute: after }, "idle-expired", before],
    ["idle over right now", { idle: now, absolute: after }, "idle-expired", now],
    ["absolute over", { idle: after, absolute: before }, "expired", before],
    ["absolute over right now", { idle: after, absolute: now }, "expired", now],
    ["both over", { idle: new Date(0), absolute: before }, "expired", new Date(0)],
    ["no bound at all", {}, "active", undefined],
    ["only idle", { idle: before }, "idle-expired", before],
    ["only absolute", { absolute: after }, "active", after],
  ];
  for (const [name, { idle, absolute }, state, usableUntil] of states) {
    test(`with ${name} a token is ${state}`, () => {
      const token: TokenInit = {
        ...(idle && { idleExpiration: timestampFromDate(idle) }),
        ...(absolute && { expiration: timestampFromDate(absolute) }),
      };
      const [view] = viewRefreshTokens(respond([token]), { now }).tokens;
      expect(view?.state).toBe(state);
      expect(view?.usableUntil).toEqual(usableUntil);
    });
  }

  test("knows no time, and no end, where ZITADEL writes Go's zero time", () => {
    const zero = "0001-01-01T00:00:00Z";
    const response = fromJson(ListMyRefreshTokensResponseSchema, {
      details: { totalResult: "1", viewTimestamp: zero },
      result: [{ id: "1", details: {}, authTime: zero, idleExpiration: zero, expiration: zero }],
    });
    expect(viewRefreshTokens(response, { now })).toStrictEqual({
      total: 1,
      truncated: false,
      tokens: [{ id: "1", clientId: "", state: "active", scopes: [], audience: [] }],
    });
  });

  test("takes the present where no time is given", () => {
    const inAMinute = timestampFromDate(new Date(Date.now() + 60_000));
    const aMinuteAgo = timestampFromDate(new Date(Date.now() - 60_000));
    const { tokens } = viewRefreshTokens(
      respond([
        { id: "a", expiration: inAMinute },
        { id: "b", expiration: aMinuteAgo },
      ]),
    );
    expect(tokens.map((token) => token.state)).toEqual(["active", "expired"]);
  });

  test("puts the most recently used first, the never used last, ties by id", () => {
    const result = [usedAt("7", before), usedAt("9"), usedAt("3", after), usedAt("2", before), usedAt("8")];
    const ids = viewRefreshTokens(respond(result), { now }).tokens.map((token) => token.id);
    expect(ids).toEqual(["3", "2", "7", "8", "9"]);
  });

  test("leaves the response as it was", () => {
    const response = respond([usedAt("1", before), usedAt("2", after)]);
    const bytes = toBinary(ListMyRefreshTokensResponseSchema, response);
    const view = viewRefreshTokens(response);
    const scopes = view.tokens[0]?.scopes as string[];
    scopes.push("added");
    expect(toBinary(ListMyRefreshTokensResponseSchema, response)).toEqual(bytes);
  });

  for (const [total, truncated, seen] of [
    [2n, false, 2],
    [3n, true, 3],
    [1_500n, true, 1_500],
    // An answer whose total is missing or lags behind.
    [0n, false, 2],
  ] as const) {
    test(`two of ${total} tokens are ${truncated ? "" : "not "}truncated`, () => {
      const view = viewRefreshTokens(respond([usedAt("1"), usedAt("2")], total));
      expect(view).toMatchObject({ total: seen, truncated });
    });
  }

  for (const [name, seconds, nanos, date] of [
    ["zero time of Go", -62_135_596_800n, 0, undefined],
    ["moment after the zero time", -62_135_596_799n, 0, new Date("0001-01-01T00:00:01Z")],
    ["last moment", 253_402_300_799n, 999_999_999, new Date("9999-12-31T23:59:59.999Z")],
    ["moment before the first", -62_135_596_801n, 999_999_999, undefined],
    ["moment after the last", 253_402_300_800n, 0, undefined],
    ["seconds that no Date can hold", 2n ** 63n - 1n, 0, undefined],
    ["negative nanos", 0n, -1, undefined],
    ["nanos of a second and more", 0n, 1_000_000_000, undefined],
    ["fraction before 1970", -1n, 999_000_000, new Date(-1)],
  ] as const) {
    test(`the ${name} is ${date ? date.toJSON() : "absent"}`, () => {
      const [token] = viewRefreshTokens(respond([{ authTime: { seconds, nanos } }])).tokens;
      expect(token?.signedInAt).toEqual(date);
      expect(token && "signedInAt" in token).toBe(date !== undefined);
    });
  }

  test("refuses a time that is none", () => {
    expect(() => viewRefreshTokens(respond([]), { now: new Date("soon") })).toThrow(RangeError);
  });
});

describe("for any message that decodes", () => {
  const timestamp = fc.option(
    fc.record({
      seconds: fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-(2n ** 38n), 2n ** 38n)),
      nanos: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 999_999_999 })),
    }),
    { nil: undefined },
  );
  const token = fc.record(
    {
      id: fc.string({ unit: "binary" }),
      clientId: fc.string({ unit: "grapheme" }),
      details: fc.record({ changeDate: timestamp }),
      authTime: timestamp,
      idleExpiration: timestamp,
      expiration: timestamp,
      scopes: fc.array(fc.string()),
      audience: fc.array(fc.string()),
    },
    { requiredKeys: [] },
  );
  const response = fc.record({
    details: fc.option(fc.record({ totalResult: fc.bigInt(0n, 2n ** 64n - 1n), viewTimestamp: timestamp }), {
      nil: undefined,
    }),
    result: fc.array(token),
  });
  // The types of fast-check's records say `| undefined` where the generated ones leave a key out.
  const decoded = response.map((init) => {
    const message = create(
      ListMyRefreshTokensResponseSchema,
      init as MessageInitShape<typeof ListMyRefreshTokensResponseSchema>,
    );
    return fromBinary(ListMyRefreshTokensResponseSchema, toBinary(ListMyRefreshTokensResponseSchema, message));
  });

  test("the view is sorted, consistent, and survives JSON and structured clone", () => {
    fc.assert(
      fc.property(decoded, fc.date({ noInvalidDate: true }), (message, when) => {
        const view = viewRefreshTokens(message, { now: when });
        expect(structuredClone(view)).toEqual(view);
        expect(viewFromJson(JSON.parse(JSON.stringify(viewToJson(view))))).toStrictEqual(view);
        expect(view.tokens).toHaveLength(message.result.length);
        expect(view.truncated).toBe(view.total > view.tokens.length);
        const used = view.tokens.map((each) => each.lastUsedAt?.getTime() ?? -Infinity);
        expect(used).toEqual([...used].sort((a, b) => (a === b ? 0 : b - a)));
        for (const { state, usableUntil, idleExpiresAt, expiresAt } of view.tokens) {
          expect(state === "active").toBe(usableUntil === undefined || usableUntil > when);
          for (const bound of [idleExpiresAt, expiresAt]) {
            if (bound) expect(usableUntil && usableUntil <= bound).toBe(true);
          }
        }
      }),
    );
  });
});
