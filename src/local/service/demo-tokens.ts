import type { Release } from "../release.js";
import type { LocalRefreshTokenOptions } from "./user.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What somebody has after a few months: several apps and devices, one left alone too long, one at its end. */
export function demoTokens(now: Date, { clientId }: Pick<Release, "clientId">): LocalRefreshTokenOptions[] {
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const portal = clientId("320010000000000011", "customers");
  const mobile = clientId("320010000000000012", "customers");
  const commandLine = clientId("320010000000000013", "tools");
  const notes = clientId("320010000000000014", "tools");
  const mail = ["openid", "profile", "email", "offline_access"];
  return [
    { clientId: portal, authTime: ago(3 * dayMs), changeDate: ago(2 * hourMs), scopes: mail },
    { clientId: mobile, authTime: ago(41 * dayMs), changeDate: ago(26 * hourMs), scopes: mail },
    { clientId: mobile, authTime: ago(9 * dayMs), changeDate: ago(7 * minuteMs), scopes: mail },
    {
      clientId: commandLine,
      authTime: ago(12 * minuteMs),
      scopes: ["openid", "offline_access", "urn:zitadel:iam:org:project:id:zitadel:aud"],
    },
    // Not used for 34 days, where 30 are allowed.
    { clientId: notes, authTime: ago(60 * dayMs), changeDate: ago(34 * dayMs), scopes: mail },
    // Used a fortnight ago, but issued 93 days ago, where 90 are allowed.
    { clientId: portal, authTime: ago(93 * dayMs), changeDate: ago(14 * dayMs), scopes: mail },
  ];
}
