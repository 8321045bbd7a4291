import type { LocalRefreshTokenOptions } from "./user.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What somebody has after a few months: several apps and devices, one left alone too long, one at its end. */
export function demoTokens(now: Date): LocalRefreshTokenOptions[] {
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const portal = "320010000000000011@portal";
  const mobile = "320010000000000012@mobile";
  const mail = ["openid", "profile", "email", "offline_access"];
  return [
    { clientId: portal, authTime: ago(3 * dayMs), changeDate: ago(2 * hourMs), scopes: mail },
    { clientId: mobile, authTime: ago(41 * dayMs), changeDate: ago(26 * hourMs), scopes: mail },
    { clientId: mobile, authTime: ago(9 * dayMs), changeDate: ago(7 * minuteMs), scopes: mail },
    {
      clientId: "320010000000000013@command-line",
      authTime: ago(12 * minuteMs),
      scopes: ["openid", "offline_access", "urn:zitadel:iam:org:project:id:zitadel:aud"],
    },
    // Not used for 34 days, where 30 are allowed.
    { clientId: "320010000000000014@notes", authTime: ago(60 * dayMs), changeDate: ago(34 * dayMs), scopes: mail },
    // Used a fortnight ago, but issued 93 days ago, where 90 are allowed.
    { clientId: portal, authTime: ago(93 * dayMs), changeDate: ago(14 * dayMs), scopes: mail },
  ];
}
