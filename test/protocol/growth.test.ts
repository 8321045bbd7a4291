import { gzipSync } from "node:zlib";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { type HttpResponse, toHeaders } from "../../src/http/http.js";
import { getErrorInfo, grpc, grpcWeb, type Protocol, rest } from "../../src/node.js";
import { wire } from "../../src/protocol/protocol.js";
import { frame, listBytes, trailerFrame } from "../faults/answers.js";

const rules = { maxResponseBytes: 4 * 1024 * 1024, acceptGzip: true };
const method = AuthService.method.listMyRefreshTokens;
const types = { grpc: "application/grpc", "grpc-web": "application/grpc-web+proto", rest: "application/json" };

interface Parts {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  readonly trailers?: Record<string, string>;
}

/** All that is done with an answer, up to what a caller reads of it. */
async function read(protocol: Protocol, { status = 200, headers = {}, body, trailers }: Parts): Promise<void> {
  const answer: HttpResponse = {
    status,
    headers: new Map(Object.entries({ "content-type": types[protocol.name], ...headers })),
    body: new Uint8Array(body ?? []),
    trailers: trailers && new Map(Object.entries(trailers)),
  };
  try {
    const guard = protocol[wire].guard(rules);
    guard.checkHead(answer);
    const startBytes = guard.startBytes(answer);
    if (startBytes > 0 && answer.body.length >= startBytes)
      guard.checkStart(answer, answer.body.subarray(0, startBytes));
    const reply = await protocol[wire].response(method, answer, rules);
    toHeaders(reply.header);
    toHeaders(reply.trailer);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    getErrorInfo(error);
  }
}

const factor = 16;
/** Double the size, at most 2.5 times the work, four times over. What grows by the square would take 16 times. */
const mostWork = (2.5 / 2) ** Math.log2(factor);

/**
 * Expects that an answer 16 times as long is about as much work as 16 answers. Compares the least of several runs, and
 * gives up only after many, so that a machine that is busy with other things does not matter.
 */
async function expectLinear(run: (size: number) => Promise<void>, size: number): Promise<void> {
  let many = Number.POSITIVE_INFINITY;
  let long = Number.POSITIVE_INFINITY;
  const begun = performance.now();
  for (let round = 0; round < 50; round++) {
    long = Math.min(long, await workOf(() => run(factor * size)));
    // Less says more of the clock and of the engine than of the work.
    if (long < 2) return;
    many = Math.min(
      many,
      await workOf(async () => {
        for (let n = 0; n < factor; n++) await run(size);
      }),
    );
    if (long <= mostWork * many) return;
    if (performance.now() - begun > 5000) break;
  }
  expect({ long, many, ratio: long / many }).toBe("linear");
}

/**
 * Milliseconds that the run took, or this process's processors if that is less: on a busy machine the clock goes on
 * meanwhile, and on any the garbage collector works beside it in threads of its own.
 */
async function workOf(run: () => Promise<void>): Promise<number> {
  const begun = process.cpuUsage();
  const begunAt = performance.now();
  await run();
  const tookMs = performance.now() - begunAt;
  const { user, system } = process.cpuUsage(begun);
  return Math.min(tookMs, (user + system) / 1000);
}

interface Repeated {
  readonly head: string;
  readonly unit: string;
  readonly tail: string;
}

/** A text that is one unit repeated, between others: what patterns that go back on their steps take longest for. */
const repeated = (heads: readonly string[]): fc.Arbitrary<Repeated> =>
  fc.record({
    head: fc.constantFrom("", ...heads),
    unit: fc.oneof(
      fc.string({ unit: fc.constantFrom(..." \t;,:/+-.%()=&\"'0aA1x\\é\u0080"), minLength: 1, maxLength: 3 }),
      fc.constantFrom(...heads.filter((head) => head !== ""), "%E2%82", "rpc error: code = a desc = ", " ()", "+proto"),
    ),
    tail: fc.constantFrom("", ";", "x", " ()", "=", "%"),
  });

const textOf = ({ head, unit, tail }: Repeated, size: number) => head + unit.repeat(size / unit.length) + tail;

/** Header fields that somebody looks at, and what such a text begins with. */
const fields: Record<string, readonly string[]> = {
  "content-type": ["application/grpc", "application/grpc-web", "application/json", "application/a+json", "text/html"],
  "content-length": ["1", "-"],
  "content-encoding": ["gzip"],
  "grpc-encoding": ["gzip", "identity"],
  "grpc-status": ["0", "14"],
  "grpc-message": ["rpc error: code = Unauthenticated desc = ", "%E2%82%AC", "(AUTH-"],
  "grpc-status-details-bin": ["CAUSJ1JlZnJlc2ggVG9rZW4gbm90IGZvdW5k"],
  "grpc-retry-pushback-ms": ["1"],
  "retry-after": ["1", "Wed, 21 Oct 2065 07:28:00 GMT", "Wed"],
  date: ["Wed, 21 Oct 2065 07:28:00 GMT", "1"],
  "x-other": [""],
};

/** Each character that a pattern may look for, by itself: what makes the worst of a pattern that goes back. */
const single = (heads: readonly string[]): Repeated[] =>
  [..." \t;,:/+-.%()=0aA\0\u0080"].flatMap((unit) => heads.map((head) => ({ head, unit, tail: "x" })));

describe("a header field or a trailer that is longer takes no more than its share", () => {
  for (const [name, heads] of Object.entries(fields)) {
    for (const protocol of [grpc, grpcWeb, rest]) {
      const grows = (text: Repeated, status: number) =>
        expectLinear(async (size) => {
          const field = { [name]: textOf(text, size) };
          const error = { "grpc-status": "14", ...field };
          await read(protocol, { status, headers: field, body: frame(listBytes), trailers: error });
          await read(protocol, { status, headers: error });
        }, 4096);

      test(`${name} on ${protocol.name}`, async () => {
        for (const text of single(heads)) await grows(text, name === "retry-after" ? 503 : 200);
        const status = fc.constantFrom(200, 429, 503);
        await fc.assert(fc.asyncProperty(repeated(heads), status, grows), { numRuns: 6 });
      }, 60_000);
    }
  }

  for (const protocol of [grpc, grpcWeb, rest]) {
    test(`many fields on ${protocol.name}`, async () => {
      for (const name of ["x", "é", "a b"]) {
        await expectLinear(async (size) => {
          const many = Object.fromEntries(Array.from({ length: size / 8 }, (_, i) => [`${name}${i}`, "value\u20ac"]));
          await read(protocol, { headers: many, trailers: { "grpc-status": "0", ...many }, body: frame(listBytes) });
          await read(protocol, { status: 503, headers: many, trailers: { "grpc-status": "14", ...many } });
        }, 4096);
      }
    });
  }
});

describe("a body that is longer takes no more than its share", () => {
  const block = fc.oneof(
    repeated(["a:b\r\n", "a:\n", ":", "\r", "\r\n", "a : b\n", "é:\0\n", "grpc-status: 0\r\n"]),
    fc.constantFrom("a\n", "a:\n", "é:b\n", "a:\0\n", "\r").map((unit) => ({ head: "", unit, tail: "" })),
  );

  test("trailers of gRPC-Web, behind a message or alone", async () => {
    await fc.assert(
      fc.asyncProperty(block, fc.boolean(), fc.boolean(), async (text, alone, zipped) => {
        await expectLinear(async (size) => {
          const data = Buffer.from(textOf(text, size), "latin1");
          const last = zipped ? frame(gzipSync(data), 0x81) : frame(data, 0x80);
          const body = alone ? last : Buffer.concat([frame(listBytes), last]);
          await read(grpcWeb, { headers: { "grpc-encoding": "gzip" }, body });
        }, 32 * 1024);
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  // Tags of the list's own fields, of none that it has, groups, and lengths that fit or do not.
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => [...bytes]),
    fc.constantFrom([0x12, 0], [0x0a, 0], [0x0a, 2, 8, 1], [0x12, 2, 0x0a, 0], [0x98, 6, 1], [0x9b, 6], [0]),
  );
  for (const protocol of [grpc, grpcWeb]) {
    test(`messages on ${protocol.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(bytes, fc.boolean(), fc.boolean(), async (unit, framed, zipped) => {
          await expectLinear(async (size) => {
            const data = Buffer.alloc(size, Uint8Array.from(unit));
            const message = framed ? frame(zipped ? gzipSync(data) : data, zipped ? 1 : 0) : data;
            const status = { "grpc-status": "0" };
            const end = protocol === grpcWeb ? [trailerFrame(status)] : [];
            const body = Buffer.concat([message, ...end]);
            await read(protocol, { headers: { "grpc-encoding": "gzip" }, body, trailers: status });
          }, 16 * 1024);
        }),
        { numRuns: 20 },
      );
    }, 120_000);
  }

  const json = fc.oneof(
    repeated(["{", "[", '{"details":', '{"result":[', '{"result":[{"id":"', '{"details":{"totalResult":"']),
    fc
      .tuple(
        fc.constantFrom('{"result":[', '{"a":[', '{"details":{"totalResult":', "{"),
        fc.constantFrom("{},", "[", '"",', '"a":1,', "1,", '"\\u0000",', "1", '{"scopes":[""]},', '"a":{', "{"),
        fc.constantFrom("", "{}]}", '"a":1}', "]}"),
      )
      .map(([head, unit, tail]) => ({ head, unit, tail })),
  );
  for (const status of [200, 500]) {
    test(`JSON on rest with HTTP ${status}`, async () => {
      const error = fc
        .tuple(
          fc.constantFrom(
            '{"code":2,"message":"',
            '{"code":5,"message":"rpc error: code = a desc =',
            '{"details":[{},',
          ),
          fc.constantFrom("a", " ()", '{"@type":"/"},', "é", "\\n", '{"@type":"/google.rpc.RetryInfo"},'),
          fc.constantFrom('"}', 'x"}', '{}],"code":2,"message":"x"}'),
        )
        .map(([head, unit, tail]) => ({ head, unit, tail }));
      await fc.assert(
        fc.asyncProperty(fc.oneof(json, error), async (text) => {
          await expectLinear(async (size) => {
            await read(rest, { status, body: Buffer.from(textOf(text, size)) });
          }, 16 * 1024);
        }),
        { numRuns: 20 },
      );
    }, 120_000);
  }
});
