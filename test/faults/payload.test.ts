import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { getErrorInfo, viewRefreshTokens } from "../../src/node.js";
import { type AnswerRow, testAnswerRows } from "./answer-row.js";
import { errorDetail, frame, grpcAnswer, jsonAnswer, listBytes, listJson, type ProtocolName } from "./answers.js";
import { canaryBody, placesOf } from "./fault-row.js";

const both: ProtocolName[] = ["grpc", "grpcWeb"];
const json: ProtocolName[] = ["rest"];

/** A row whose answer is one message of these bytes. */
function bytes(payload: Uint8Array) {
  return {
    on: both,
    answer: (protocol: ProtocolName) => grpcAnswer(protocol, { frames: [frame(payload)] }),
  };
}

/** A row whose answer is this JSON, or these bytes. */
function body(text: string | Uint8Array, status = 200, headers: Record<string, string> = {}) {
  return { on: json, answer: () => jsonAnswer(text, status, headers) };
}

function field(no: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(no, WireType.LengthDelimited).bytes(bytes).finish();
}

function timestamp(seconds: bigint, nanos: number): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).int64(seconds).tag(2, WireType.Varint).int32(nanos).finish();
}

describe("payload", () => {
  testAnswerRows(binaryRows());
  testAnswerRows(timestampRows());
  testAnswerRows(jsonRows());
  testAnswerRows(brokenJsonRows());
  testAnswerRows(uint64Rows());
  testAnswerRows(errorBodyRows());

  test("nothing above polluted the prototype of objects", () => {
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

function binaryRows(): AnswerRow[] {
  const parse = { code: Code.Internal, reason: "parse" };
  const nested = Buffer.alloc(100_000, new BinaryWriter().tag(99, WireType.StartGroup).finish());
  const details = (total: bigint) => field(1, new BinaryWriter().tag(1, WireType.Varint).uint64(total).finish());
  const sequence = field(1, new BinaryWriter().tag(2, WireType.Varint).uint64(7n).finish());
  return [
    {
      name: "an unknown field is no error",
      ...bytes(Buffer.concat([listBytes, field(99, Buffer.from(canaryBody))])),
      want: { code: "ok", response: ({ result }) => expect(result).toHaveLength(1) },
    },
    {
      name: "invalid UTF-8 in a string is Internal",
      ...bytes(field(2, field(1, Uint8Array.of(0x61, 0xff, 0xfe)))),
      want: parse,
    },
    { name: "a truncated varint is Internal", ...bytes(Uint8Array.of(0x0a, 0x02, 0x08, 0x80)), want: parse },
    { name: "a wrong wire type is Internal", ...bytes(Uint8Array.of(0x0a, 0x01, 0x0f)), want: parse },
    { name: "field number 0 is Internal", ...bytes(Uint8Array.of(0x02, 0x00)), want: parse },
    { name: "an open group is Internal", ...bytes(Uint8Array.of(0x9b, 0x06)), want: parse },
    { name: "a length past the end is Internal", ...bytes(Uint8Array.of(0x12, 0x7f, 0x0a)), want: parse },
    {
      name: "a singular message sent twice is merged",
      ...bytes(Buffer.concat([details(3n), sequence])),
      want: {
        code: "ok",
        response: ({ details }) => expect(details).toMatchObject({ totalResult: 3n, processedSequence: 7n }),
      },
    },
    { name: "100,000 nested groups are Internal, not a stack overflow", ...bytes(nested), want: parse },
    // An unknown enum value: no message of these calls has an enum.
    {
      name: "the largest uint64 stays exact",
      ...bytes(details(18446744073709551615n)),
      want: {
        code: "ok",
        response: (response) => expect(response.details?.totalResult).toBe(18446744073709551615n),
      },
    },
  ];
}

function timestampRows(): AnswerRow[] {
  const times = [
    { name: "seconds of 2^63 - 1", value: timestamp(9223372036854775807n, 0) },
    { name: "seconds of -2^63", value: timestamp(-9223372036854775808n, 0) },
    { name: "nanos of 2e9", value: timestamp(1754037900n, 2_000_000_000) },
    { name: "nanos of -5", value: timestamp(1754037900n, -5) },
    { name: "the year 10000", value: timestamp(253402300800n, 0) },
  ];
  return times.map(({ name, value }) => ({
    name: `a timestamp with ${name} is no error, and can be viewed`,
    ...bytes(field(2, Buffer.concat([field(1, Buffer.from("7")), field(4, value), field(5, value), field(6, value)]))),
    want: {
      code: "ok",
      response: (response) => {
        const view = viewRefreshTokens(response);
        expect(view.tokens).toHaveLength(1);
        for (const time of [view.tokens[0]?.signedInAt, view.tokens[0]?.expiresAt]) {
          if (time !== undefined) expect(Number.isFinite(time.getTime())).toBe(true);
        }
        expect(() => JSON.stringify(view)).not.toThrow();
      },
    },
  }));
}

function jsonRows(): AnswerRow[] {
  return [
    {
      name: "null fields are defaults",
      ...body('{"details":null,"result":null}'),
      want: {
        code: "ok",
        response: ({ details, result }) => {
          expect(details).toBeUndefined();
          expect(result).toEqual([]);
        },
      },
    },
    {
      name: "unknown fields are no error",
      ...body(`{"details":{"totalResult":"1","later":{"a":[1]}},"result":[{"id":"7","userAgent":"x"}],"extra":true}`),
      want: { code: "ok", response: ({ result }) => expect(result[0]?.id).toBe("7") },
    },
    // An unknown enum name: no message of these calls has an enum.
    {
      name: "uint64 as a string is exact",
      ...body('{"details":{"totalResult":"18446744073709551615"}}'),
      want: {
        code: "ok",
        response: ({ details }) => expect(details?.totalResult).toBe(18446744073709551615n),
      },
    },
    {
      name: "uint64 as a small number is read",
      ...body('{"details":{"totalResult":2}}'),
      want: { code: "ok", response: ({ details }) => expect(details?.totalResult).toBe(2n) },
    },
    {
      name: "__proto__ and constructor are ignored",
      ...body(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"details":{"__proto__":{"polluted":1}},"result":[{"id":"7","__proto__":{"polluted":1}}]}',
      ),
      want: {
        code: "ok",
        response: ({ result }) => {
          expect(result[0]?.id).toBe("7");
          expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
          expect((result[0] as { polluted?: unknown }).polluted).toBeUndefined();
        },
      },
    },
  ];
}

function brokenJsonRows(): AnswerRow[] {
  const cases: { name: string; text: string | Uint8Array }[] = [
    { name: "JSON that is cut off", text: `{"details":{"x":"${canaryBody}` },
    { name: "HTML that says it is JSON", text: `<!DOCTYPE html><html>${canaryBody}</html>` },
    { name: "garbage after the value", text: `${listJson}${canaryBody}` },
    { name: "a byte order mark", text: `\uFEFF${listJson}` },
    { name: "invalid UTF-8", text: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) },
    { name: "100,000 nested lists", text: `{"result":${"[".repeat(100_000)}${"]".repeat(100_000)}}` },
    { name: "null", text: "null" },
    { name: "an array", text: "[]" },
    { name: "a string", text: `"${canaryBody}"` },
    { name: "a number", text: "5" },
    { name: "null inside a repeated field", text: '{"result":[null]}' },
    { name: "a number for a string", text: '{"result":[{"id":7}]}' },
    { name: "an object for an array", text: `{"result":{"id":"${canaryBody}"}}` },
    { name: "a string for a message", text: `{"details":"${canaryBody}"}` },
    { name: "a string for a time", text: `{"result":[{"authTime":"${canaryBody}"}]}` },
    { name: "the same key twice", text: '{"details":{"totalResult":"1"},"details":{"totalResult":"2"}}' },
    {
      name: "both spellings of a field",
      text: '{"result":[{"authTime":"2025-08-01T08:45:00Z","auth_time":"2026-08-01T08:45:00Z"}]}',
    },
    { name: "an error's body with status 200", text: `{"code":16,"message":"${canaryBody}"}` },
    { name: "the same with details", text: `{"code":16,"message":"${canaryBody}","details":[]}` },
  ];
  return cases.map(({ name, text }) => ({
    name: `${name} is Internal, without a piece of the body`,
    ...body(text),
    want: {
      code: Code.Internal,
      reason: "parse-json",
      // Nor in the cause: JSON.parse and fromJson quote what they could not read.
      error: (error) => expect(placesOf(canaryBody, error)).toEqual([]),
    },
  }));
}

function uint64Rows(): AnswerRow[] {
  const rows = (reason: string, literals: string[]) =>
    literals.map(
      (literal): AnswerRow => ({
        name: `a uint64 of ${literal} is Internal`,
        ...body(`{"details":{"totalResult":${literal}}}`),
        want: { code: Code.Internal, reason },
      }),
    );
  return [
    ...rows("unsafe-integer", ["9007199254740993", "18446744073709551615", "1e17"]),
    ...rows("parse-json", ['"-1"', "-1", "1.5", '"1.5"', '"18446744073709551616"', '"1e3"', '""', '"x"']),
  ];
}

function errorBodyRows(): AnswerRow[] {
  const detail = errorDetail("AUTH-7fs1e", "Errors.Token.Invalid");
  const any = { "@type": detail.typeUrl, ...detail.json };
  const answerOf = (code: unknown, details: unknown = [any]) =>
    JSON.stringify({ code, message: "Errors.Token.Invalid (AUTH-7fs1e)", details });
  return [
    ...[401, 403, 429, 500].map(
      (status): AnswerRow => ({
        name: `the code in the body wins over HTTP ${status}`,
        ...body(answerOf(16), status),
        want: {
          code: Code.Unauthenticated,
          fromServer: true,
          httpStatus: status,
          rawMessage: "Errors.Token.Invalid (AUTH-7fs1e)",
          error: (error) => expect(getErrorInfo(error).id).toBe("AUTH-7fs1e"),
        },
      }),
    ),
    {
      name: "a detail of an unknown type does no harm",
      ...body(answerOf(16, [{ "@type": "type.googleapis.com/example.Unheard", a: 1 }, any]), 401),
      want: {
        code: Code.Unauthenticated,
        fromServer: true,
        error: (error) => expect(getErrorInfo(error).id).toBe("AUTH-7fs1e"),
      },
    },
    ...[
      "null",
      "{}",
      '"x"',
      "[null,5,{}]",
      '[{"@type":5}]',
      '[{"@type":"type.googleapis.com/zitadel.v1.ErrorDetail","id":5}]',
    ].map(
      (details): AnswerRow => ({
        name: `details of ${details} keep the code`,
        ...body(`{"code":7,"message":"no","details":${details}}`, 403),
        want: { code: Code.PermissionDenied, fromServer: true, rawMessage: "no" },
      }),
    ),
    ...["[", '{"a":'].map((open): AnswerRow => {
      const nested = open.repeat(100_000) + 1 + (open === "[" ? "]" : "}").repeat(100_000);
      return {
        name: `a detail of ${open} nested 100,000 times keeps the code`,
        ...body(`{"code":7,"message":"no","details":[{"@type":"a/b.C","d":${nested}}]}`, 403),
        want: { code: Code.PermissionDenied, fromServer: true, rawMessage: "no" },
      };
    }),
    // Without a code of the server's own, the status decides: HTTP's table, and the message is ours.
    ...[
      { name: "code 0", text: '{"code":0,"message":"x"}' },
      { name: "code 99", text: '{"code":99,"message":"x"}' },
      { name: "code 1.5", text: '{"code":1.5,"message":"x"}' },
      { name: 'code "16"', text: '{"code":"16","message":"x"}' },
      { name: "no code", text: '{"message":"x"}' },
      { name: "an array", text: '[{"code":16}]' },
      { name: "null", text: "null" },
      { name: "HTML", text: `<html>${canaryBody}</html>` },
      { name: "nothing", text: "" },
    ].map(
      ({ name, text }): AnswerRow => ({
        name: `an error body of ${name} leaves HTTP 403 to speak`,
        ...body(text, 403),
        want: { code: Code.PermissionDenied, httpStatus: 403 },
      }),
    ),
  ];
}
