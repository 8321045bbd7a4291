import { expect } from "@jest/globals";
import type { EndResult, SignInsJson } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { forwardTo, runInChromium, testInChromium } from "../helpers/chromium.js";

interface Report {
  before: SignInsJson;
  one: EndResult;
  others: EndResult | string;
  after: SignInsJson;
}

for (const protocol of ["grpcWeb", "rest"]) {
  for (const where of ["its own origin", "another origin"]) {
    const own = where === "its own origin";

    testInChromium(`a page lists sign-ins and ends them over ${protocol} on ${where}`, async () => {
      await using zitadel = await startLocalZitadel();
      const [user] = zitadel.users;
      const [current, phone, ...others] = user.sessions.map(({ id }) => id) as [string, string, ...string[]];
      const tokens = user.refreshTokens.map(({ id }) => id);
      // Over REST ZITADEL lets an app's token be used only on the app's own origins; a personal token everywhere.
      const token = own || protocol === "grpcWeb" ? user.token : user.tokens.personal;
      const { before, one, after, ...report } = await runInChromium<Report>({
        entry: "test/browser/sign-ins.js",
        input: { baseUrl: own ? "/" : zitadel.url, token, protocol, currentSessionId: current, endId: phone },
        handle: forwardTo(zitadel.url),
      });
      expect(before.user.id).toBe(user.id);
      expect(before.sessions?.map(({ id }) => id).sort()).toEqual([current, phone, ...others].sort());
      expect(before.sessions?.filter(({ isCurrent }) => isCurrent).map(({ id }) => id)).toEqual([current]);
      expect(before.tokens.tokens.map(({ id }) => id).sort()).toEqual(tokens.toSorted());
      expect(before.incomplete).toEqual(["offline-access"]);
      expect(one).toEqual({ ended: [phone], alreadyGone: [], failed: [] });
      expect((report.others as EndResult).ended.toSorted()).toEqual([...others, ...tokens].sort());
      expect(after.signIns.map(({ id }) => id)).toEqual([current]);
      expect(user.sessions.map(({ id }) => id)).toEqual([current]);

      const calls = zitadel.requests.filter(({ method }) => method !== "OPTIONS");
      const served = protocol === "rest" ? "rest" : "grpc-web";
      expect(new Set(calls.map((call) => call.protocol))).toEqual(new Set([served]));
      expect(zitadel.requests.length > calls.length).toBe(!own);
    });

    testInChromium(`a page lists an old ZITADEL's tokens over ${protocol} on ${where}`, async () => {
      await using zitadel = await startLocalZitadel({ release: "2.44" });
      const [user] = zitadel.users;
      const [kept, ended, ...others] = user.refreshTokens.map(({ id }) => id) as [string, string, ...string[]];
      const token = own || protocol === "grpcWeb" ? user.token : user.tokens.personal;
      const { before, one, after, ...report } = await runInChromium<Report>({
        entry: "test/browser/sign-ins.js",
        input: { baseUrl: own ? "/" : zitadel.url, token, protocol, currentSessionId: kept, endId: ended },
        handle: forwardTo(zitadel.url),
      });
      expect("sessions" in before).toBe(false);
      expect(before.incomplete).toEqual([]);
      expect(before.signIns.map(({ id }) => id).sort()).toEqual([kept, ended, ...others].sort());
      expect(one).toEqual({ ended: [ended], alreadyGone: [], failed: [] });
      // Nobody knows which token is the page's own.
      expect(report.others).toContain("TypeError: nobody knows which sign-in is this one");
      expect(after.signIns.map(({ id }) => id).sort()).toEqual([kept, ...others].sort());
    });
  }
}
