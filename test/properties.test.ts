import { gzipSync } from "node:zlib";
import { create, type DescMethodUnary, isMessage, toBinary, toJsonString } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AuthService, ListMyRefreshTokensResponseSchema } from "../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../gen/zitadel/message_pb.js";
import type { HttpFields, HttpResponse } from "../src/http/http.js";
import { getErrorInfo, grpc, grpcWeb, rest } from "../src/node.js";
import { type Protocol, wire } from "../src/protocol/protocol.js";
import { RestService } from "./gen/rest_pb.js";
import { encodeAnswer, of } from "./helpers/encode-answer.js";

const protocols = [grpc, grpcWeb, rest];
const methods: DescMethodUnary[] = [AuthService.method.listMyRefreshTokens, RestService.method.getAnswer];
const limit = 64 * 1024;
const rules = { maxResponseBytes: limit, acceptGzip: true };

function fieldsOf(values: Record<string, string>): HttpFields {
  return {
    get: (name) => values[name] ?? null,
    forEach(visit) {
      for (const [name, value] of Object.entries(values)) visit(value, name);
    },
  };
}

// As an HTTP client uses a protocol: the head, the start, the whole.
async function outcome(protocol: Protocol, method: DescMethodUnary, answer: HttpResponse): Promise<unknown> {
  try {
    const guard = protocol[wire].guard(rules);
    guard.checkHead(answer);
    const startBytes = guard.startBytes(answer);
    if (startBytes > 0 && answer.body.length >= startBytes)
      guard.checkStart(answer, answer.body.subarray(0, startBytes));
    return (await protocol[wire].response(method, answer, rules)).message;
  } catch (error) {
    return error;
  }
}

// gRPC's statuscodes.md: only an application may say these.
const notOurs = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.DataLoss,
]);

function envelope(flags: number, data: Uint8Array, length = data.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, data]);
}

function expectMessageOrConnectError(got: unknown, method: DescMethodUnary) {
  if (isMessage(got, method.output)) return;
  if (!(got instanceof ConnectError)) throw got;
  expect(Code[got.code]).toBeDefined();
  expect(got.message.length).toBeLessThanOrEqual(300);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(got.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
  const info = getErrorInfo(got);
  expect(info.httpStatus).toBeGreaterThan(0);
  if (!info.fromServer) expect(notOurs).not.toContain(got.code);
}

const listBytes = toBinary(
  ListMyRefreshTokensResponseSchema,
  create(ListMyRefreshTokensResponseSchema, {
    details: { totalResult: 2n ** 64n - 1n, viewTimestamp: { seconds: 1n } },
    result: [{ id: "1", clientId: "é", scopes: ["a", ""] }, {}],
  }),
);
const answerBytes = toBinary(
  RestService.method.getAnswer.output,
  create(RestService.method.getAnswer.output, {
    query: "é",
    score: 1.5,
    ids: ["a"],
    filter: { near: { city: "Bern" } },
  }),
);
const listJson = toJsonString(
  ListMyRefreshTokensResponseSchema,
  create(ListMyRefreshTokensResponseSchema, { details: { totalResult: 7n }, result: [{ id: "1" }] }),
);

// What header fields can hold: no CR, LF and NUL, which no HTTP client lets through.
const fieldValue = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const bytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes));

const statusFields = {
  "grpc-status": fc.oneof(fc.constantFrom("0", "5", "14", "16", "17", "-1", "00", "", "1e1"), fieldValue),
  "grpc-message": fc.oneof(fc.constantFrom("%E2%82%AC", "%", "%ZZ", "%E2%82", "%0A%1B[31m"), fieldValue),
  "grpc-status-details-bin": fc.oneof(
    fieldValue,
    bytes.map((bytes) => Buffer.from(bytes).toString("base64")),
    fc.constant("CAUSJ1JlZnJlc2ggVG9rZW4gbm90IGZvdW5kIChDT01NQU5ELUJIdDJ3KQ"),
  ),
  "grpc-retry-pushback-ms": fieldValue,
};
const headFields = {
  ...statusFields,
  "content-type": fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom("application/grpc", "application/grpc-web+proto", "application/json") },
    fc.constantFrom("text/html", ""),
    fieldValue,
  ),
  "grpc-encoding": fc.oneof(fc.constantFrom("gzip", "identity", "br"), fieldValue),
  "content-length": fc.oneof(fc.nat().map(String), fieldValue),
  "retry-after": fc.oneof(fc.constantFrom("1", "-1", "Wed, 21 Oct 2065 07:28:00 GMT"), fieldValue),
  "x-other": fieldValue,
};
const some = (fields: Record<string, fc.Arbitrary<string>>) =>
  fc.record(fields, { requiredKeys: [] }).map((values) => fieldsOf(values as Record<string, string>));

const trailerBlock = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(statusFields)), fieldValue), fieldValue), { maxLength: 4 })
  .map((lines) => Buffer.from(lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""), "latin1"));
const frameData = fc.oneof(
  bytes,
  trailerBlock,
  fc.constantFrom(listBytes, Buffer.from("grpc-status: 0\r\n"), Buffer.from("grpc-status:16")),
  fc.oneof(bytes, fc.constant(listBytes)).map((bytes) => gzipSync(bytes)),
);
const frame = fc
  .tuple(
    fc.oneof(fc.constantFrom(0, 1, 0x80, 0x81), fc.nat(255)),
    frameData,
    fc.constantFrom(0, 0, 0, 0, -1, 1, 2 ** 31),
  )
  .map(([flags, data, more]) => envelope(flags, data, Math.max(0, data.length + more)));
const json = fc.oneof(
  fc.json(),
  fc.constant(listJson),
  // Its keys over values of any kind.
  fc
    .dictionary(
      fc.constantFrom("details", "result", "totalResult", "id", "code", "message", "sequence"),
      fc.jsonValue(),
    )
    .map((value) => JSON.stringify(value)),
  fc
    .record({
      code: fc.oneof(fc.integer({ min: -1, max: 18 }), fc.jsonValue()),
      message: fc.jsonValue(),
      details: fc.jsonValue(),
    })
    .map((value) => JSON.stringify(value)),
  // One character changed.
  fc.tuple(fc.nat(listJson.length), fc.string({ maxLength: 2 })).map(([at, text]) => {
    return listJson.slice(0, at) + text + listJson.slice(at + 1);
  }),
);
// One message, with a byte changed or not, and trailers.
const oneMessage = fc
  .tuple(
    fc.constantFrom(listBytes, answerBytes),
    fc.option(fc.tuple(fc.nat(40), fc.nat(255)), { freq: 1 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([valid, change, compressed, trailers]) => {
    const data = Buffer.from(valid);
    if (change) data[change[0] % data.length] = change[1];
    const message = envelope(compressed ? 1 : 0, compressed ? gzipSync(data) : data);
    return trailers ? Buffer.concat([message, envelope(0x80, Buffer.from("grpc-status: 0\r\n"))]) : message;
  });
const body = fc.oneof(
  bytes,
  { weight: 3, arbitrary: oneMessage.map((body) => new Uint8Array(body)) },
  fc.array(frame, { maxLength: 3 }).map((frames) => new Uint8Array(Buffer.concat(frames))),
  json.map((text) => new TextEncoder().encode(text)),
);
const answer = fc.record(
  {
    status: fc.oneof({ weight: 4, arbitrary: fc.constant(200) }, fc.integer({ min: 200, max: 599 })),
    headers: some(headFields),
    body,
    trailers: some(statusFields),
  },
  { requiredKeys: ["status", "headers", "body"] },
) as fc.Arbitrary<HttpResponse>;

describe("any answer is a message or a ConnectError", () => {
  for (const protocol of protocols) {
    for (const method of methods) {
      test(`${protocol.name} ${method.output.name}`, async () => {
        await fc.assert(
          fc.asyncProperty(answer, async (answer) => {
            expectMessageOrConnectError(await outcome(protocol, method, answer), method);
          }),
          { numRuns: 500 },
        );
      });

      // The first test seldom gets past the head.
      test(`${protocol.name} ${method.output.name}, with a head that is in order`, async () => {
        const { headers: pairs } = encodeAnswer(protocol.name, {});
        const headers = fieldsOf({ ...Object.fromEntries(pairs), "grpc-encoding": "gzip" });
        const trailers = fieldsOf({ "grpc-status": "0" });
        let read = 0;
        await fc.assert(
          fc.asyncProperty(body, async (body) => {
            const answer = { status: 200, headers, body, ...(protocol === grpc && { trailers }) };
            const got = await outcome(protocol, method, answer);
            if (isMessage(got)) read++;
            expectMessageOrConnectError(got, method);
          }),
          { numRuns: 500 },
        );
        // Otherwise it proves nothing of what is read.
        expect(read).toBeGreaterThan(0);
      });
    }
  }
});

describe("an answer cut short is an error", () => {
  for (const protocol of protocols) {
    test(`${protocol.name}, wherever it is cut`, async () => {
      const method = AuthService.method.listMyRefreshTokens;
      const init = { details: { totalResult: 7n }, result: [{ id: "1", scopes: ["a"] }, { id: "2" }] };
      const recorded = encodeAnswer(protocol.name, { message: of(method.output, init) });
      const headers = fieldsOf(Object.fromEntries(recorded.headers));
      const trailers = recorded.trailers && fieldsOf(recorded.trailers);
      const read = (length: number) =>
        outcome(protocol, method, {
          status: 200,
          headers,
          body: new Uint8Array(recorded.body.subarray(0, length)),
          trailers,
        });
      for (let length = 0; length < recorded.body.length; length++) {
        expect(await read(length)).toBeInstanceOf(ConnectError);
      }
      expect(await read(recorded.body.length)).toEqual(create(method.output, init));
    });
  }
});

describe("one error is the same on every protocol", () => {
  test("code, words, details and id", async () => {
    const text = fc.string({ unit: "binary" });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 16 }), text, fc.option(text), async (code, message, id) => {
        const seen = [];
        for (const protocol of protocols) {
          const details = id === null ? [] : [of(ErrorDetailSchema, { id, message })];
          const recorded = encodeAnswer(protocol.name, { error: { code, message, details } });
          const { status, body, trailers } = recorded;
          const got = await outcome(protocol, AuthService.method.listMyRefreshTokens, {
            status,
            headers: fieldsOf(Object.fromEntries(recorded.headers)),
            body: new Uint8Array(body),
            trailers: trailers && fieldsOf(trailers),
          });
          expect(got).toBeInstanceOf(ConnectError);
          const error = got as ConnectError;
          const { fromServer, id: seenId } = getErrorInfo(error);
          const found = error.findDetails(ErrorDetailSchema);
          seen.push({
            code: error.code,
            message: error.rawMessage,
            text: error.message,
            found,
            fromServer,
            id: seenId,
          });
        }
        expect(seen[0]).toMatchObject({ code, message, fromServer: true });
        expect(seen[1]).toEqual(seen[0]);
        expect(seen[2]).toEqual(seen[0]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("any id makes a REST request of its own, or is refused", () => {
  test("no URL parser takes its path for another", () => {
    const method = AuthService.method.revokeMyRefreshToken;
    const context = { prefix: "", headers: {}, previousAttempts: 0, crossOrigin: false, acceptGzip: false };
    const id = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."./\\%2eEfF?#;\t\n ") }));
    fc.assert(
      fc.property(id, (id) => {
        const refused = id === "" || id === "." || id === ".." || id.includes("/");
        const send = () => rest[wire].request(method, create(method.input, { id }), context).path;
        if (refused) {
          expect(send).toThrow(TypeError);
        } else {
          const path = send();
          expect(new URL(path, "https://zitadel.example").href).toBe(`https://zitadel.example${path}`);
          expect(decodeURIComponent(path)).toBe(`/auth/v1/users/me/tokens/refresh/${id}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("an answer takes no more than its share", () => {
  const headers = (type: string, more = {}) => fieldsOf({ "content-type": type, ...more });
  const list = AuthService.method.listMyRefreshTokens;

  for (const protocol of [grpc, grpcWeb]) {
    test(`${protocol.name}: of a message of 100 MiB in 100 KB, no more than the limit is inflated`, async () => {
      const message = envelope(1, gzipSync(Buffer.alloc(100 * 1024 * 1024)));
      const trailers = envelope(0x80, Buffer.from("grpc-status: 0\r\n"));
      const body = new Uint8Array(protocol === grpc ? message : Buffer.concat([message, trailers]));
      const before = process.memoryUsage().arrayBuffers;
      const got = await respond(protocol, {
        status: 200,
        headers: headers(`application/${protocol.name}`, { "grpc-encoding": "gzip" }),
        body,
        trailers: protocol === grpc ? fieldsOf({ "grpc-status": "0" }) : undefined,
      });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
      expect((got as ConnectError).code).toBe(Code.ResourceExhausted);
    });

    test(`${protocol.name}: a prefix beyond the limit is refused by its five bytes`, () => {
      const check = (length: number, flags = 0) => {
        const head = { status: 200, headers: headers(`application/${protocol.name}`) };
        protocol[wire].guard(rules).checkStart(head, new Uint8Array(envelope(flags, Buffer.alloc(0), length)));
      };
      fc.assert(fc.property(fc.integer({ min: 0, max: limit }), (length) => check(length)));
      fc.assert(
        fc.property(fc.integer({ min: limit + 1, max: 2 ** 32 - 1 }), fc.nat(255), (length, flags) => {
          expect(() => check(length, flags)).toThrow(flags & 0x80 ? "trailers are larger" : "maxResponseBytes");
        }),
      );
    });
  }

  // Past the checks of the limit, as though it were 64 MiB.
  async function respond(protocol: Protocol, answer: HttpResponse): Promise<unknown> {
    try {
      return (await protocol[wire].response(list, answer, rules)).message;
    } catch (error) {
      return error;
    }
  }

  for (const protocol of [grpc, grpcWeb]) {
    test(`${protocol.name}: empty messages do not take more memory than the answer`, async () => {
      const trailers = fieldsOf({ "grpc-status": "0" });
      const messages = Buffer.alloc(4 * 1024 * 1024 - 4);
      const end = protocol === grpc ? [] : [envelope(0x80, Buffer.from("grpc-status: 0\r\n"))];
      const body = new Uint8Array(Buffer.concat([messages, ...end]));
      const before = process.memoryUsage().heapUsed;
      const got = await respond(protocol, {
        status: 200,
        headers: headers(`application/${protocol.name}`),
        body,
        trailers,
      });
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(16 * 1024 * 1024);
      expect((got as ConnectError).code).toBe(Code.Unimplemented);
    });
  }

  // Each of 1 MB, and made to hurt what looks at a byte more often than a few times. What took the square of that
  // would take hours; the bound is of CPU time, so that a busy machine does not matter.
  const size = 1024 * 1024;
  const ok = { "grpc-status": "0" };
  const text = (text: string) => new TextEncoder().encode(text);
  const many = (unit: string) => unit.repeat(size / unit.length);
  const hard: Record<string, [Protocol, Record<string, string>, Uint8Array<ArrayBuffer>, number?]> = {
    "a million messages": [grpc, ok, new Uint8Array(size)],
    "a million frames": [grpcWeb, {}, new Uint8Array(size)],
    "nested groups": [grpc, ok, frameOf(0, text(many("\x0b")))],
    "nested messages": [grpc, ok, frameOf(0, text(many("\x12\x7f")))],
    "a message of percent signs": [grpc, { "grpc-status": "5", "grpc-message": many("%") }, new Uint8Array()],
    "a message of half-encoded text": [grpc, { "grpc-status": "5", "grpc-message": many("%E2%82") }, new Uint8Array()],
    "details of nothing": [grpc, { "grpc-status": "5", "grpc-status-details-bin": many("A") }, new Uint8Array()],
    "a pushback of digits": [grpc, { "grpc-status": "14", "grpc-retry-pushback-ms": many("1") }, new Uint8Array()],
    "a status of digits": [grpc, { "grpc-status": many("1") }, new Uint8Array()],
    "a wrapped status": [
      grpc,
      { "grpc-status": "2", "grpc-message": `rpc error: code = a desc =${many(" ()")}x` },
      new Uint8Array(),
    ],
    "a wrapped status of one name": [
      grpc,
      { "grpc-status": "2", "grpc-message": `rpc error: code = ${many("a")}` },
      new Uint8Array(),
    ],
    "trailers of colons": [grpcWeb, {}, frameOf(0x80, text(many(":")))],
    "trailers of one name": [grpcWeb, {}, frameOf(0x80, text(many("a:b\n")))],
    "trailers of line ends": [grpcWeb, {}, frameOf(0x80, text(many("\r")))],
    "lists in lists": [rest, {}, text(many("["))],
    "lists in lists, closed": [rest, {}, text(`{"result":${"[".repeat(size / 2)}${"]".repeat(size / 2)}}`)],
    "objects in objects": [rest, {}, text(`${many('{"details":')}1${"}".repeat(size / 11)}`)],
    "a million tokens": [rest, {}, text(`{"result":[${many("{},")}{}]}`)],
    "a million keys": [rest, {}, text(`{${Array.from({ length: 400_000 }, (_, i) => `"${i}":1`).join()}}`)],
    "one key a million times": [rest, {}, text(`{${many('"a":1,')}"a":1}`)],
    escapes: [rest, {}, text(`{"result":[{"id":"${many("\\u0000")}"}]}`)],
    spaces: [rest, {}, text(many(" "))],
    "an error of long words": [rest, {}, text(`{"code":2,"message":"rpc error: code = a desc =${many(" ()")}x"}`), 500],
    "an error of many details": [
      rest,
      {},
      text(`{"code":2,"message":"x","details":[${many('{"@type":"/"},')}{}]}`),
      500,
    ],
  };
  function frameOf(flags: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
    return new Uint8Array(envelope(flags, data));
  }
  for (const [name, [protocol, fields, body, status = 200]] of Object.entries(hard)) {
    test(`${protocol.name}: ${name}`, async () => {
      const [[, type]] = encodeAnswer(protocol.name, {}).headers as [readonly [string, string]];
      const begun = process.cpuUsage();
      const got = await respond(protocol, {
        status,
        headers: headers(type),
        body,
        trailers: protocol === grpc ? fieldsOf(fields) : undefined,
      });
      const { user, system } = process.cpuUsage(begun);
      expect((user + system) / 1000).toBeLessThan(5000);
      expectMessageOrConnectError(got, list);
    }, 60_000);
  }
});
