import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AuthService } from "../../../gen/zitadel/auth_pb.js";
import { createAuthTransport, getErrorInfo, rest } from "../../../src/node.js";
import { restMessage } from "../../../src/protocol/rest/response.js";
import { Kind, RestService } from "../../gen/rest_pb.js";
import { type RestAnswer, startRestServer } from "./rest-server.js";

let server: Awaited<ReturnType<typeof startRestServer>>;
let transport: ReturnType<typeof createAuthTransport>;

beforeAll(async () => {
  server = await startRestServer();
  transport = createAuthTransport({ baseUrl: server.url, protocol: rest, retry: false });
});
afterAll(async () => {
  await transport.close();
  await server.close();
});

test("an integer in google.protobuf.UInt64Value may be one that JSON numbers cannot hold as well", () => {
  const answer = (body: string) => ({ status: 200, headers: new Map(), body: new TextEncoder().encode(body) });
  const read = (quota: string) => restMessage(RestService.method.search.input, answer(`{"quota":${quota}}`));
  expect(read("9007199254740991").quota).toBe(9007199254740991n);
  expect(() => read("9007199254740993")).toThrow(/JSON numbers cannot hold/);
});

const json = (body: unknown): RestAnswer => ({
  headers: { "content-type": "application/json" },
  body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
});

async function list(answer: RestAnswer) {
  server.answer(answer);
  return createClient(AuthService, transport).listMyRefreshTokens({});
}

async function listError(answer: RestAnswer) {
  const error = await list(answer).then(
    (message) => expect(message).toBe("an error"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

async function answerOf(answer: RestAnswer) {
  server.answer(answer);
  return createClient(RestService, transport).getAnswer({});
}

describe("an answer that is read", () => {
  for (const status of [200, 201, 202, 203, 206, 226, 299]) {
    test(`JSON with HTTP ${status}`, async () => {
      const { details } = await list({ ...json({ details: { totalResult: "3" } }), status });
      expect(details?.totalResult).toBe(3n);
    });
  }

  for (const status of [201, 202, 204]) {
    for (const headers of [{}, { "content-type": "application/json" }] as Record<string, string>[]) {
      const type = headers["content-type"] ?? "no";
      test(`nothing at all with HTTP ${status} and ${type} type is an empty message`, async () => {
        const { details, result } = await list({ status, headers, body: "" });
        expect({ details, result }).toEqual({ details: undefined, result: [] });
      });
    }
  }

  test("a field of a later version, alone", async () => {
    expect((await list(json({ nextPage: "2" }))).result).toEqual([]);
  });

  for (const [title, body] of [
    ["no `result`", { details: { processedSequence: "2678", viewTimestamp: "2025-08-01T08:45:00.123456Z" } }],
    ["empty details", { details: {} }],
    ["nothing", {}],
    ["an empty `result`", { result: [] }],
    ["null for absent", { details: null, result: null }],
    ["white space around it", ' \n{ "details" : { } }\r\n'],
  ] as const) {
    test(`${title} is an empty list`, async () => {
      expect((await list(json(body))).result).toEqual([]);
    });
  }

  test("a token in full", async () => {
    const { details, result } = await list(
      json({
        details: { totalResult: "2", processedSequence: "18446744073709551615" },
        result: [
          {
            id: "324567890123456789",
            details: { sequence: "100", changeDate: "2025-08-01T09:45:00.123456Z", resourceOwner: "69629023906488334" },
            clientId: "69629023906488335@zitadel",
            authTime: "2025-08-01T08:45:00Z",
            scopes: ["openid"],
            audience: [],
          },
        ],
      }),
    );
    expect(details?.totalResult).toBe(2n);
    expect(details?.processedSequence).toBe(18446744073709551615n);
    expect(result).toHaveLength(1);
    expect(result[0]).toMatchObject({
      id: "324567890123456789",
      clientId: "69629023906488335@zitadel",
      scopes: ["openid"],
      audience: [],
      authTime: { seconds: 1754037900n, nanos: 0 },
    });
    expect(result[0]?.details?.changeDate).toMatchObject({ seconds: 1754041500n, nanos: 123456000 });
    expect(result[0]?.expiration).toBeUndefined();
  });

  test("names as in the proto file", async () => {
    const { details, result } = await list(json({ details: { total_result: "1" }, result: [{ client_id: "a" }] }));
    expect(details?.totalResult).toBe(1n);
    expect(result[0]?.clientId).toBe("a");
  });

  test("64-bit integers as text and as numbers", async () => {
    const { details } = await list(
      json('{"details":{"totalResult":9007199254740991,"processedSequence":"9007199254740993"}}'),
    );
    expect(details?.totalResult).toBe(9007199254740991n);
    expect(details?.processedSequence).toBe(9007199254740993n);
  });

  test("unknown fields, unknown enum values and unsafe numbers in places that are not integers", async () => {
    const answer = await answerOf(
      json(
        '{"nope":{"deep":[1]},"kind":"KIND_ALIEN","kinds":["KIND_HUMAN","KIND_ALIEN"],"score":1e300,"ratio":1e30,"query":"9007199254740993"}',
      ),
    );
    expect(answer.kind).toBe(Kind.UNSPECIFIED);
    expect(answer.score).toBe(1e300);
    expect(answer.query).toBe("9007199254740993");
  });

  test("every kind of field", async () => {
    const answer = await answerOf(
      json({
        query: "é",
        offset: -1,
        limit: 4294967295,
        since: "-9223372036854775808",
        sequence: "18446744073709551615",
        ascending: true,
        ratio: "NaN",
        score: "-Infinity",
        cursor: "+//+AQ==",
        kind: "KIND_HUMAN",
        kinds: ["KIND_MACHINE", 1],
        sequences: ["1", 2],
        createdAfter: "0001-01-01T00:00:00Z",
        maxAge: "-1.500s",
        fields: "displayName,address.city",
        nickName: "",
        verified: false,
        quota: "7",
        address: { city: "Bern", lines: ["a"] },
        email: "",
        site: { city: "Biel" },
        newName: "x",
      }),
    );
    expect(answer).toMatchObject({
      query: "é",
      offset: -1,
      limit: 4294967295,
      since: -9223372036854775808n,
      sequence: 18446744073709551615n,
      ascending: true,
      ratio: Number.NaN,
      score: Number.NEGATIVE_INFINITY,
      kind: Kind.HUMAN,
      kinds: [Kind.MACHINE, Kind.HUMAN],
      sequences: [1n, 2n],
      createdAfter: { seconds: -62135596800n },
      maxAge: { seconds: -1n, nanos: -500_000_000 },
      fields: { paths: ["display_name", "address.city"] },
      nickName: "",
      verified: false,
      quota: 7n,
      address: { city: "Bern", lines: ["a"] },
      email: "",
      owner: { case: "site", value: { city: "Biel" } },
      renamed: "x",
    });
    expect([...answer.cursor]).toEqual([0xfb, 0xff, 0xfe, 0x01]);
  });

  test("keys that would pollute prototypes", async () => {
    const body =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"details":{"__proto__":{"polluted":1}}}';
    expect((await list(json(body))).result).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("a content type in other letters and with parameters", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"]) {
      const { result } = await list({ headers: { "content-type": type }, body: '{"result":[{"id":"1"}]}' });
      expect(result.map(({ id }) => id)).toEqual(["1"]);
    }
  });

  test("text with a byte that is no UTF-8 fails rather than being guessed", async () => {
    const body = Buffer.concat([Buffer.from('{"result":[{"id":"'), Buffer.from([0xff]), Buffer.from('"}]}')]);
    const error = await listError(json(body));
    expect(error.code).toBe(Code.Internal);
  });
});

describe("an answer that is refused", () => {
  const marker = "do-not-quote-me";
  for (const [title, body, reason] of [
    ["malformed", `{"details":${marker}`, "parse-json"],
    ["HTML", `<html>${marker}</html>`, "parse-json"],
    ["trailing garbage", `{} ${marker}`, "parse-json"],
    ["null", "null", "parse-json"],
    ["a list", `["${marker}"]`, "parse-json"],
    ["text", `"${marker}"`, "parse-json"],
    ["a number", "5", "parse-json"],
    ["null in a list", '{"result":[null]}', "parse-json"],
    ["a number for text", '{"result":[{"id":31337}]}', "parse-json"],
    ["a list for a message", `{"details":["${marker}"]}`, "parse-json"],
    ["an object for a list", `{"result":{"${marker}":1}}`, "parse-json"],
    ["a timestamp that is none", `{"result":[{"authTime":"${marker}"}]}`, "parse-json"],
    ["an integer beyond 2^53 as a number", '{"details":{"totalResult":9007199254740993}}', "unsafe-integer"],
    ["2^53 itself as a number", '{"details":{"totalResult":9007199254740992}}', "unsafe-integer"],
    ["an unsafe integer deep inside", '{"result":[{"details":{"sequence":12345678901234567890}}]}', "unsafe-integer"],
    ["a negative for an unsigned", '{"details":{"totalResult":"-1"}}', "parse-json"],
    ["a fraction for an integer", '{"details":{"totalResult":1.5}}', "parse-json"],
    ["2^64", '{"details":{"totalResult":"18446744073709551616"}}', "parse-json"],
    ["an exponent in text", '{"details":{"totalResult":"1e3"}}', "parse-json"],
    ["empty text for an integer", '{"details":{"totalResult":""}}', "parse-json"],
    [
      "both names of one field",
      '{"result":[{"authTime":"2025-08-01T08:45:00Z","auth_time":"2025-08-01T08:45:00Z"}]}',
      "parse-json",
    ],
    ["100,000 lists in lists", `{"result":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "parse-json"],
  ] as const) {
    test(title, async () => {
      const error = await listError(json(body));
      expect(error.code).toBe(Code.Internal);
      expect(getErrorInfo(error)).toMatchObject({ reason, attempts: 1, httpStatus: 200, fromServer: false });
      expect(error.message).not.toContain(marker);
      expect(error.message).not.toContain("31337");
      expect(error.message).not.toContain("\n");
      expect(error.message.length).toBeLessThanOrEqual(300);
    });
  }

  test("a byte order mark", async () => {
    // RFC 8259 lets a parser ignore it, and no sender add it.
    const error = await listError(json('\ufeff{"details":{}}'));
    expect(error.code).toBe(Code.Internal);
    expect(getErrorInfo(error).reason).toBe("parse-json");
  });

  for (const body of [
    { code: 16, message: "Errors.Token.Invalid (AUTH-7fs1e)" },
    { code: 16, message: "Errors.Token.Invalid (AUTH-7fs1e)", details: [] },
    { code: 5, message: "Not Found" },
    { code: "unauthenticated", message: "no" },
    { code: 0, message: "" },
    { error: { code: 16, message: "Errors.Token.Invalid (AUTH-7fs1e)" } },
    { error: "invalid_token", error_description: "expired" },
    { errors: [{ message: "no" }] },
    { message: "Unauthorized" },
    { type: "about:blank", title: "Forbidden", status: 403 },
    { code: 5, message: "Not Found", details: null },
    { code: 5, message: "Not Found", details: { reason: "x" } },
    { Message: "Forbidden" },
    { detail: "Not authenticated" },
    { error_description: "expired" },
    { status: "error" },
    { success: false, requestId: "1" },
    { statusCode: 502 },
    { errorMessage: "Task timed out" },
    { ok: false },
    { result: [], error: "x" },
  ]) {
    test(`a 200 that looks like an error is no empty list: ${JSON.stringify(body)}`, async () => {
      const error = await listError(json(body));
      expect(error.code).toBe(Code.Internal);
      expect(getErrorInfo(error).fromServer).toBe(false);
    });
  }

  test("an empty 200", async () => {
    const error = await listError(json(""));
    expect(error.code).toBe(Code.Internal);
  });

  test("a 201 of type text/plain", async () => {
    const error = await listError({ status: 201, headers: { "content-type": "text/plain" }, body: "Created" });
    expect(getErrorInfo(error)).toMatchObject({ reason: "unexpected-content-type", httpStatus: 201 });
  });

  test("a 201 without a type that is not empty", async () => {
    const error = await listError({ status: 201, headers: {}, body: "{}" });
    expect(getErrorInfo(error)).toMatchObject({ reason: "unexpected-content-type", httpStatus: 201 });
  });

  for (const [type, body] of [
    ["text/html", "<!DOCTYPE html><title>Sign in</title>"],
    ["text/html; charset=utf-8", "{}"],
    ["text/plain", "{}"],
    ["application/grpc", "{}"],
    ["application/grpc-web+proto", "{}"],
    ["application/octet-stream", "{}"],
  ] as const) {
    test(`a 200 of type ${type} is no empty list`, async () => {
      const error = await listError({ headers: { "content-type": type }, body });
      expect(error.code).toBe(Code.Unknown);
      expect(getErrorInfo(error)).toMatchObject({ reason: "unexpected-content-type", httpStatus: 200 });
      expect(error.message).not.toContain("DOCTYPE");
    });
  }

  test("a 200 without a type", async () => {
    const error = await listError({ headers: {}, body: "<html></html>" });
    expect(error.code).toBe(Code.Unknown);
    expect(getErrorInfo(error).reason).toBe("unexpected-content-type");
  });
});
