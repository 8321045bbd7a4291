import { describe, expect, test } from "@jest/globals";
import { appName, arrange, type Query } from "../../src/page/arrange.js";
import type { RefreshTokenView } from "../../src/web.js";

const token = (id: string, clientId: string, day?: number): RefreshTokenView => ({
  id,
  clientId,
  state: "active",
  scopes: ["openid", "urn:zitadel:iam:org:project:id:zitadel:aud"],
  audience: [],
  ...(day !== undefined && { lastUsedAt: new Date(2026, 0, day), usableUntil: new Date(2026, 1, day) }),
});

const tokens = [token("1", "10@mail", 3), token("2", "11@Portal"), token("3", "10@mail", 9), token("4", "12@crm", 1)];
const everything: Query = { text: "", state: "", clientId: "", sort: "lastUsedAt" };
const ids = (query: Partial<Query>) =>
  arrange(tokens, { ...everything, ...query })
    .map(({ id }) => id)
    .join("");

describe("arrange", () => {
  for (const [name, query, expected] of [
    ["everything, used last first, what has no time last", {}, "3142"],
    ["what ends first", { sort: "usableUntil" }, "4132"],
    ["by app, then used last", { sort: "clientId" }, "4312"],
    ["one app", { clientId: "10@mail" }, "31"],
    ["no such state", { state: "expired" }, ""],
    ["words of any case, in any field", { text: "PORTAL 2 aud" }, "2"],
    ["words that are not all there", { text: "portal crm" }, ""],
  ] as const) {
    test(name, () => expect(ids(query)).toBe(expected));
  }

  test("leaves the tokens as they are", () => {
    const before = [...tokens];
    ids({ sort: "clientId" });
    expect(tokens).toEqual(before);
  });
});

test("an app goes by its project, or by what there is", () => {
  for (const [clientId, name] of [
    ["320@portal", "portal"],
    ["a@b@c", "c"],
    ["spa", "spa"],
    ["320@", "320@"],
    ["", "unknown app"],
  ] as const) {
    expect(appName(clientId)).toBe(name);
  }
});
