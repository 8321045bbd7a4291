import { randomUUID } from "node:crypto";
import type { LocalRefreshTokenOptions, LocalSessionOptions } from "./public.js";
import type { Release } from "./release.js";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * Where somebody is signed in: on this laptop, on a phone, on a tablet until two days ago, in a browser where only the
 * name was given, and through a login that tells nothing of the browser. The first three have what ZITADEL's own login
 * sends: a description with gaps, and the browser's header split at its commas.
 */
export function demoSessions(now: Date): LocalSessionOptions[] {
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  return [
    {
      creationDate: ago(3 * hourMs),
      changeDate: ago(20 * minuteMs),
      factors: { password: ago(3 * hourMs), totp: ago(20 * minuteMs) },
      userAgent: {
        fingerprintId: randomUUID(),
        ip: "203.0.113.7",
        description: "Chrome, 142.0.0.0, ,   , , Blink, 142.0.0.0, , Linux, ,  ",
        header: {
          "user-agent": [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML",
            " like Gecko) Chrome/142.0.0.0 Safari/537.36",
          ],
        },
      },
    },
    {
      creationDate: ago(9 * hourMs),
      factors: { webAuthN: ago(9 * hourMs) },
      userAgent: {
        fingerprintId: randomUUID(),
        ip: "198.51.100.24",
        description: "Mobile Safari, 26.1, mobile, Apple, iPhone, , WebKit, 605.1.15, , iOS, 26.1,  ",
        header: {
          "user-agent": [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML",
            " like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
          ],
        },
      },
    },
    {
      creationDate: ago(3 * dayMs),
      userAgent: { fingerprintId: randomUUID(), ip: "198.51.100.24", description: "Firefox, 145.0, tablet, Android" },
    },
    {
      creationDate: ago(6 * minuteMs),
      factors: {},
      userAgent: { fingerprintId: randomUUID(), ip: "192.0.2.81", description: "Edge, 142.0.0.0, , , , Windows, 11" },
    },
    { creationDate: ago(5 * dayMs), factors: { intent: ago(5 * dayMs) }, expirationDate: null },
  ];
}

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
