import { describe, expect, test } from "@jest/globals";
import type { Outcome } from "./call-vector.js";
import { judge } from "./judge.js";
import type { Seen } from "./vector-server.js";
import type { Expectation, Vector } from "./vectors.js";

const vector = (expect: Expectation, more: Partial<Vector> = {}): Vector => ({
  id: 0,
  name: "test",
  proto: "PROTOCOL_GRPC",
  compression: "COMPRESSION_IDENTITY",
  method: "Unary",
  reqHeaders: [],
  answer: { as: "trailers", status: 200, headers: [], body: "", trailers: [] },
  expect,
  ...more,
});

const request = (headers: Seen["headers"] = {}): Seen => ({
  method: "POST",
  path: "/connectrpc.conformance.v1.ConformanceService/Unary",
  headers: { "content-type": "application/grpc+proto", te: "trailers", ...headers },
  body: Buffer.alloc(5),
});

const ok: Outcome = { ok: true, data: "AA==", headers: [["a", "1, 2"]], trailers: [] };
const failed: Outcome = { ok: false, code: 5, message: "gone", details: ["x.Y"], metadata: [["b", "3"]] };

describe("the judge", () => {
  test("accepts what conforms", () => {
    expect(judge(vector({ data: "AA==", headers: [["a", "2"]] }), ok, [request()])).toEqual([]);
    expect(judge(vector({ code: 9, other: [5], message: "gone", details: ["x.Y"] }), failed, [request()])).toEqual([]);
    const timed = vector({ data: "AA==", timeoutSent: 200 });
    expect(judge(timed, ok, [request({ "grpc-timeout": "199999u" })])).toEqual([]);
  });

  for (const [name, given, outcome, requests] of [
    ["another code", vector({ code: 4 }), failed, [request()]],
    ["another message", vector({ code: 5, message: "lost" }), failed, [request()]],
    ["missing details", vector({ code: 5, details: ["x.Y", "x.Z"] }), failed, [request()]],
    ["missing metadata", vector({ code: 5, trailers: [["b", "4"]] }), failed, [request()]],
    ["success instead of an error", vector({ code: 5 }), ok, [request()]],
    ["an error instead of success", vector({ data: "AA==" }), failed, [request()]],
    ["other data", vector({ data: "AQ==" }), ok, [request()]],
    ["a missing trailer", vector({ data: "AA==", trailers: [["a", "1"]] }), ok, [request()]],
    ["an error of another class", vector({ code: 5 }), { thrown: "TypeError" }, [request()]],
    ["a call that was never sent", vector({ code: 5 }), failed, []],
    ["a second request", vector({ code: 5 }), failed, [request(), request()]],
    ["a missing request header", vector({ code: 5 }, { reqHeaders: [["c", "1"]] }), failed, [request()]],
    ["a deadline that nobody set", vector({ code: 5 }), failed, [request({ "grpc-timeout": "10S" })]],
    ["a deadline that is too long", vector({ code: 5, timeoutSent: 200 }), failed, [request({ "grpc-timeout": "1S" })]],
    ["a deadline that is not sent", vector({ code: 5, timeoutSent: 200 }), failed, [request()]],
    ["another content type", vector({ code: 5 }), failed, [request({ "content-type": "application/json" })]],
  ] as const) {
    test(`tells ${name}`, () => {
      expect(judge(given, outcome, requests)).toHaveLength(1);
    });
  }
});
