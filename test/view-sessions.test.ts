import { create, fromJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "@jest/globals";
import { ListSessionsResponseSchema } from "../gen/zitadel/session/v2/session_service_pb.js";
import { viewSessions } from "../src/view-sessions.js";

const zero = { seconds: -62_135_596_800n, nanos: 0 };
const at = (iso: string) => ({ seconds: BigInt(Date.parse(iso) / 1000), nanos: 0 });
const [user, password] = [{ id: "7", verifiedAt: at("2026-11-30T21:42:06Z") }, {}];

type Session = Parameters<typeof create<typeof ListSessionsResponseSchema>>[1] & object;
const view = (sessions: NonNullable<Session["sessions"]>, options?: Parameters<typeof viewSessions>[1]) =>
  viewSessions(create(ListSessionsResponseSchema, { sessions }), options);
const one = (session: NonNullable<Session["sessions"]>[number], now = new Date("2026-11-30T22:00:00Z")) =>
  view([session], { now })[0];

// From a genuine ZITADEL 4 (October 2025): this session, one that got no further than the name, one that expired, and one
// that has a lifetime.
const recorded = fromJson(ListSessionsResponseSchema, {
  details: { totalResult: "134", timestamp: "2026-11-30T21:42:13.080818Z" },
  sessions: [
    {
      id: "401946739055004710",
      creationDate: "2026-11-30T21:42:08.096022Z",
      changeDate: "2026-11-30T21:42:08.096022Z",
      factors: {
        user: { verifiedAt: "2026-11-30T21:42:06.007854Z", id: "401946155459546150", loginName: "human1" },
        password: { verifiedAt: "2026-11-30T21:42:08.095439Z" },
      },
      userAgent: {
        fingerprintId: "fp-laptop",
        ip: "127.0.0.1",
        description: "Firefox, Linux",
        header: {
          "user-agent": { values: ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"] },
        },
      },
    },
    {
      id: "401946750832610342",
      creationDate: "2026-11-30T21:42:13.028440Z",
      changeDate: "2026-11-30T21:42:13.028440Z",
      factors: { user: { verifiedAt: "2026-11-30T21:42:13.027742Z", id: "401946155459546150" } },
    },
    {
      id: "401946750916496422",
      creationDate: "2026-11-30T21:42:13.080818Z",
      changeDate: "2026-11-30T21:42:13.080818Z",
      factors: { user: { verifiedAt: "2026-11-30T21:42:13.079668Z", id: "401946155459546150" } },
      expirationDate: "2026-11-30T21:42:14.080818Z",
    },
    {
      id: "401946745933663270",
      creationDate: "2026-11-30T21:42:11.582579Z",
      changeDate: "2026-11-30T21:42:11.582579Z",
      factors: {
        user: { verifiedAt: "2026-11-30T21:42:10.105868Z", id: "401946155459546150" },
        password: { verifiedAt: "2026-11-30T21:42:11.581950Z" },
      },
      userAgent: { fingerprintId: "fp-phone", ip: "127.0.0.2", description: "Safari, iPhone" },
      expirationDate: "2026-11-30T22:42:11.582579Z",
    },
  ],
});

describe("a view of sessions", () => {
  test("is what a person wants to know of a genuine answer, last changed first", () => {
    const now = new Date("2026-11-30T22:00:00Z");
    expect(viewSessions(recorded, { now, currentSessionId: "401946739055004710" })).toStrictEqual([
      {
        id: "401946750916496422",
        state: "expired",
        signedInAt: new Date("2026-11-30T21:42:13.080Z"),
        changedAt: new Date("2026-11-30T21:42:13.080Z"),
        expiresAt: new Date("2026-11-30T21:42:14.080Z"),
        factors: [],
        isCurrent: false,
      },
      {
        id: "401946750832610342",
        state: "unfinished",
        signedInAt: new Date("2026-11-30T21:42:13.028Z"),
        changedAt: new Date("2026-11-30T21:42:13.028Z"),
        factors: [],
        isCurrent: false,
      },
      {
        id: "401946745933663270",
        state: "active",
        signedInAt: new Date("2026-11-30T21:42:11.581Z"),
        changedAt: new Date("2026-11-30T21:42:11.582Z"),
        expiresAt: new Date("2026-11-30T22:42:11.582Z"),
        factors: ["password"],
        device: "Safari, iPhone",
        address: "127.0.0.2",
        isCurrent: false,
      },
      {
        id: "401946739055004710",
        state: "active",
        signedInAt: new Date("2026-11-30T21:42:08.095Z"),
        changedAt: new Date("2026-11-30T21:42:08.096Z"),
        factors: ["password"],
        device: "Firefox, Linux",
        userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        address: "127.0.0.1",
        isCurrent: true,
      },
    ]);
  });

  for (const currentSessionId of [undefined, "", "1", "401946739055004711"]) {
    test(`does not say which is current where ${JSON.stringify(currentSessionId)} is not among them`, () => {
      for (const session of viewSessions(recorded, { currentSessionId })) expect("isCurrent" in session).toBe(false);
    });
  }

  test("has nothing of a session of which nothing is known", () => {
    expect(one({})).toStrictEqual({ id: "", state: "unfinished", factors: [] });
    expect(one({ id: "1", userAgent: {}, factors: {} })).toStrictEqual({ id: "1", state: "unfinished", factors: [] });
    expect(
      one({ id: "1", creationDate: zero, changeDate: zero, expirationDate: zero, factors: { user, password } }),
    ).toStrictEqual({ id: "1", state: "active", factors: ["password"] });
    expect(view([])).toEqual([]);
  });

  test("has times in the future, and none out of range", () => {
    const future = at("2031-01-01T00:00:00Z");
    const never = { seconds: 253_402_300_800n, nanos: 0 };
    expect(one({ id: "1", creationDate: future, changeDate: never, expirationDate: never })).toStrictEqual({
      id: "1",
      state: "unfinished",
      signedInAt: new Date("2031-01-01T00:00:00Z"),
      factors: [],
    });
  });

  test("is expired from the very millisecond on", () => {
    const expirationDate = at("2026-11-30T22:00:00Z");
    const factors = { user, password };
    expect(one({ expirationDate, factors }, new Date("2026-11-30T21:59:59.999Z"))?.state).toBe("active");
    expect(one({ expirationDate, factors }, new Date("2026-11-30T22:00:00Z"))?.state).toBe("expired");
  });

  test("names each factor, and signed in with the last one", () => {
    const verified = (second: number) => ({ verifiedAt: at(`2026-11-30T21:42:0${second}Z`) });
    const session = one({
      creationDate: at("2026-11-30T21:42:00Z"),
      factors: {
        user: verified(9),
        password: verified(1),
        webAuthN: { ...verified(2), userVerified: true },
        intent: verified(7),
        totp: verified(4),
        otpSms: verified(5),
        otpEmail: { verifiedAt: zero },
      },
    });
    expect(session?.factors).toEqual(["password", "passkey", "idp", "totp", "otpSms", "otpEmail"]);
    expect(session?.signedInAt).toEqual(new Date("2026-11-30T21:42:07Z"));
  });

  for (const [name, factor] of [
    ["password", "password"],
    ["webAuthN", "passkey"],
    ["intent", "idp"],
    ["totp", "totp"],
    ["otpSms", "otpSms"],
    ["otpEmail", "otpEmail"],
  ] as const) {
    test(`calls ${name} ${factor}, and takes one factor for a sign-in that is finished`, () => {
      expect(one({ factors: { user, [name]: {} } })).toMatchObject({ state: "active", factors: [factor] });
    });
  }

  for (const [userAgent, shown] of [
    // What ZITADEL's own login sends.
    [
      { description: "Chrome, 126.0.0.0, ,   , , Blink, 126.0.0.0, , Linux, ,  " },
      { device: "Chrome, 126.0.0.0, Blink, 126.0.0.0, Linux" },
    ],
    [{ description: " , ,, " }, {}],
    [{ description: "Ring ring 📞" }, { device: "Ring ring 📞" }],
    [{ ip: "203.0.113.7, 10.0.0.1, 10.0.0.2" }, { address: "203.0.113.7" }],
    [{ ip: ", 10.0.0.1" }, { address: "10.0.0.1" }],
    [{ ip: "" }, {}],
    [{ ip: "2001:db8::1" }, { address: "2001:db8::1" }],
    [
      { header: { "user-agent": { values: ["Mozilla/5.0 (KHTML", " like Gecko) Chrome/126.0.0.0"] } } },
      { userAgent: "Mozilla/5.0 (KHTML, like Gecko) Chrome/126.0.0.0" },
    ],
    [{ header: { accept: { values: ["*/*"] }, "User-Agent": { values: ["curl/8"] } } }, { userAgent: "curl/8" }],
    [{ header: { "user-agent": { values: [] } } }, {}],
    [{ header: { "user-agent": {} } }, {}],
    [{ header: { "user-agent": { values: ["", " "] } } }, { userAgent: "," }],
  ] as const) {
    test(`shows ${JSON.stringify(userAgent)} as ${JSON.stringify(shown)}`, () => {
      const session = one({ id: "1", userAgent: structuredClone(userAgent) as object });
      expect(session).toStrictEqual({ id: "1", state: "unfinished", factors: [], ...shown });
    });
  }

  test("of 5,000 sessions is in order", () => {
    const sessions = Array.from({ length: 5_000 }, (_, i) => ({
      id: String(i),
      changeDate: at(new Date(Date.UTC(2026, 0, 1) + ((i * 7919) % 5_000) * 1_000).toISOString()),
      userAgent: { description: "a, b", ip: "10.0.0.1" },
    }));
    const times = view(sessions, { currentSessionId: "4999" }).map(({ changedAt }) => changedAt?.getTime() ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(new Set(times).size).toBe(5_000);
  });

  test("refuses a `now` that is no time", () => {
    expect(() => view([], { now: new Date("soon") })).toThrow(new RangeError("now is not a time: give a valid Date"));
  });
});
