import { describe, expect, test } from "@jest/globals";
import { pushback } from "../../src/protocol/failures.js";

const second = 1000;
const hour = 3600 * second;
const dateIn = (ms: number) => new Date(Date.now() + ms).toUTCString();

/** What `Retry-After` and the server's own `Date` come to. */
function waitOf(status: number, fields: Record<string, string>): number | undefined {
  return pushback([], { status, headers: new Headers(fields) }, undefined);
}

describe("a date in Retry-After", () => {
  for (const offset of [-hour, hour]) {
    test(`is as far away as the server's clock says, which is ${offset / hour} hours off`, () => {
      const fields = { date: dateIn(offset), "retry-after": dateIn(offset + 7 * second) };
      expect(waitOf(503, fields)).toBe(7 * second);
    });
  }

  test("is held against this machine's clock where the server does not tell its own", () => {
    const ms = waitOf(503, { "retry-after": dateIn(hour) });
    expect(ms).toBeGreaterThan(hour - 10 * second);
    expect(ms).toBeLessThanOrEqual(hour);
  });

  test("that has passed is no wait", () => {
    expect(waitOf(429, { date: dateIn(hour), "retry-after": dateIn(0) })).toBe(0);
  });
});

test("Retry-After counts with 429 and 503 alone", () => {
  const statuses = [200, 400, 429, 500, 502, 503, 504];
  expect(statuses.filter((status) => waitOf(status, { "retry-after": "1" }) !== undefined)).toEqual([429, 503]);
});
