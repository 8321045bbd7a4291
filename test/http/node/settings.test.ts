import { describe, expect, test } from "@jest/globals";
import { createAuthClient, type Http2Options } from "../../../src/node.js";

const create = (http2: Http2Options) => createAuthClient({ baseUrl: "http://localhost", http2 });

describe("the durations of http2", () => {
  for (const name of ["connectTimeoutMs", "pingIntervalMs", "pingTimeoutMs", "idleTimeoutMs"] as const) {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001]) {
      test(`refuse ${name}: ${value}`, () => {
        expect(() => create({ [name]: value })).toThrow(
          new RangeError(`http2.${name} must be 1 to 3600000 milliseconds, got ${value}`),
        );
      });
    }
  }

  test("may be a millisecond or an hour, and PINGs may be off", () => {
    create({ connectTimeoutMs: 1, pingTimeoutMs: 3_600_000, idleTimeoutMs: 1, pingIntervalMs: false });
  });
});

describe("http2.tls.servername", () => {
  for (const servername of ["127.0.0.1", "::1", "", 5, null]) {
    test(`is refused if it is ${JSON.stringify(servername)}`, () => {
      const refusal = new TypeError("http2.tls.servername must be a host name, and no address");
      expect(() => create({ tls: { servername: servername as string } })).toThrow(refusal);
    });
  }

  test("may be a host name", () => {
    create({ tls: { servername: "zitadel.example" } });
  });
});
