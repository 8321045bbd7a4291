import { randomUUID } from "node:crypto";
import type { LocalSessionOptions } from "./user.js";

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
