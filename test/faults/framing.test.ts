import { createGzip, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import type { TransportOptions } from "../../src/node.js";
import { decodeEnvelopes } from "../../src/protocol/grpc/envelope.js";
import { startAnswerServer } from "../helpers/answer-server.js";
import { type AnswerRow, rowClient, testAnswerRows } from "./answer-row.js";
import { frame, grpcAnswer, jsonAnswer, listBytes, listJson, type ProtocolName, trailerFrame } from "./answers.js";
import { expectOutcome } from "./fault-row.js";

const both: ProtocolName[] = ["grpc", "grpcWeb"];
const limit = 1000;
const mebibyte = 1 << 20;

/** 100 MiB of zeros in about 100 kB. */
let bomb: Buffer;

beforeAll(async () => {
  const gzip = createGzip();
  const chunks: Buffer[] = [];
  gzip.on("data", (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise((resolve) => gzip.on("end", resolve));
  const zeros = Buffer.alloc(mebibyte);
  for (let i = 0; i < 100; i++) gzip.write(zeros);
  gzip.end();
  await done;
  bomb = Buffer.concat(chunks);
});

/** A message of exactly that many bytes: one unknown field. */
function messageOf(bytes: number): Uint8Array {
  const filler = bytes - 4; // two bytes each for the tag of field 99 and for the length
  return Buffer.concat([Uint8Array.of(0x9a, 0x06, (filler & 0x7f) | 0x80, filler >> 7), Buffer.alloc(filler, "a")]);
}

/** A list whose message has at least that many bytes, of tokens that can be counted. */
function tokens(count: number) {
  const result = Array.from({ length: count }, (_, i) => ({ id: String(i), clientId: "c".repeat(300) }));
  return toBinary(ListMyRefreshTokensResponseSchema, create(ListMyRefreshTokensResponseSchema, { result }));
}

describe("framing, sizes and compression", () => {
  testAnswerRows(countRows());
  testAnswerRows(sizeRows());
  testAnswerRows(flagRows());
  testAnswerRows(gzipRows());
  testAnswerRows(restRows());

  test("envelopes that nobody needs are not kept", () => {
    const body = new Uint8Array(5 * 500_000);
    expect(decodeEnvelopes(body, { status: 200, headers: new Headers() }).length).toBeLessThanOrEqual(3);
  });

  for (const protocol of both) {
    test(`${protocol}: a prefix of 4 GiB allocates nothing`, () =>
      boundedMemory(protocol, 8, () => grpcAnswer(protocol, { frames: [frame(listBytes, 0, 0xffffffff)] })));
  }

  test("grpc: a gzip bomb of 100 MiB is stopped at the limit", () =>
    boundedMemory("grpc", 32, () =>
      grpcAnswer("grpc", { headers: { "grpc-encoding": "gzip" }, frames: [frame(bomb, 1)] }),
    ));

  // The prefix says 100 kB: only what is inflated shows the size.
  test("grpcWeb: the same in a gRPC-Web message", () =>
    boundedMemory("grpcWeb", 32, () =>
      grpcAnswer("grpcWeb", { headers: { "grpc-encoding": "gzip" }, frames: [frame(bomb, 1)] }),
    ));

  test("over fetch a Content-Encoding bomb is stopped at the limit", () =>
    boundedMemory("rest", 32, () => jsonAnswer(bomb, 200, { "content-encoding": "gzip" }), { fetch }));

  test("rest: reading stops soon after the limit", async () => {
    const body = Buffer.alloc(64 * mebibyte, " ");
    await using server = await startAnswerServer("rest", () => jsonAnswer(body));
    await using auth = rowClient(server, "rest", { maxResponseBytes: 64 * 1024 });
    await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
      code: Code.ResourceExhausted,
      reason: "response-too-large",
      attempts: 1,
    });
    await server.requests[0]?.over;
    // The limit, and what fits into the buffers of two sockets.
    expect(server.bytesWritten).toBeLessThan(16 * mebibyte);
  });
});

/** Expects ResourceExhausted, with no more memory for bytes at any time than so many MiB. */
async function boundedMemory(
  protocol: ProtocolName,
  mebibytes: number,
  answer: () => ReturnType<typeof jsonAnswer>,
  options: Pick<TransportOptions, "fetch"> = {},
) {
  await using server = await startAnswerServer(protocol, answer);
  await using auth = rowClient(server, protocol, options);
  const before = process.memoryUsage().arrayBuffers;
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
  }, 1);
  watch.unref();
  await expectOutcome((options) => auth.listMyRefreshTokens({}, options), {
    code: Code.ResourceExhausted,
    reason: "response-too-large",
    attempts: 1,
  });
  clearInterval(watch);
  expect(server.requests).toHaveLength(1);
  expect((peak - before) / mebibyte).toBeLessThan(mebibytes);
}

function countRows(): AnswerRow[] {
  return [
    {
      name: "no message and OK is Unimplemented",
      on: both,
      answer: (protocol) => grpcAnswer(protocol),
      want: { code: Code.Unimplemented },
    },
    {
      name: "two messages and OK are Unimplemented",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(listBytes), frame(listBytes)] }),
      want: { code: Code.Unimplemented },
    },
    {
      name: "half a million empty messages and OK are Unimplemented",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [Buffer.alloc(5 * 500_000)] }),
      want: { code: Code.Unimplemented },
    },
    {
      name: "half a million empty messages do not hide the status",
      on: both,
      answer: (protocol) =>
        grpcAnswer(protocol, { frames: [Buffer.alloc(5 * 500_000)], trailers: { "grpc-status": "7" } }),
      want: { code: Code.PermissionDenied, fromServer: true },
    },
    {
      name: "an empty message is an empty list",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(new Uint8Array())] }),
      want: {
        code: "ok",
        response: ({ result, details }) => {
          expect(result).toEqual([]);
          expect(details).toBeUndefined();
        },
      },
    },
  ];
}

function sizeRows(): AnswerRow[] {
  const tooLarge = { code: Code.ResourceExhausted, reason: "response-too-large" };
  return [
    ...[
      { bytes: limit + 1, want: tooLarge },
      { bytes: limit, want: { code: "ok" as const } },
      { bytes: limit - 1, want: { code: "ok" as const } },
    ].map(
      ({ bytes, want }): AnswerRow => ({
        name: `a message of ${bytes} bytes under a limit of ${limit}`,
        on: both,
        options: { maxResponseBytes: limit },
        answer: (protocol) => grpcAnswer(protocol, { frames: [frame(messageOf(bytes))] }),
        want,
      }),
    ),
    ...[0, 1].map(
      (more): AnswerRow => ({
        name: `a message of ${more ? "one byte more than" : "just"} the limit once inflated`,
        on: both,
        options: { maxResponseBytes: limit },
        answer: (protocol) =>
          grpcAnswer(protocol, {
            headers: { "grpc-encoding": "gzip" },
            frames: [frame(gzipSync(messageOf(limit + more)), 1)],
          }),
        want: more ? tooLarge : { code: "ok" },
      }),
    ),
    ...[true, false].map(
      (alone): AnswerRow => ({
        name: `trailers of 1 MB are refused, ${alone ? "alone" : "behind a message"}`,
        on: ["grpcWeb"],
        answer: () => {
          const trailers = frame(Buffer.alloc(1_000_000, "a:\0\n"), 0x80);
          return grpcAnswer("grpcWeb", { frames: alone ? [trailers] : [frame(listBytes), trailers], trailers: false });
        },
        want: { ...tooLarge, message: /larger than/ },
      }),
    ),
    ...[0, 1].map(
      (more): AnswerRow => ({
        name: `trailers of 32 KiB ${more ? "and a byte are refused" : "are taken"}`,
        on: ["grpcWeb"],
        answer: () => {
          const status = "grpc-status: 0\r\n";
          const trailers = Buffer.from(`${status}x: ${"v".repeat(32 * 1024 + more - status.length - 5)}\r\n`);
          return grpcAnswer("grpcWeb", { frames: [frame(listBytes), frame(trailers, 0x80)], trailers: false });
        },
        want: more ? tooLarge : { code: "ok" },
      }),
    ),
    {
      name: "a prefix of 2 GiB fails at once, without waiting for the rest",
      on: both,
      answer: (protocol) =>
        grpcAnswer(protocol, {
          frames: [frame(new Uint8Array(10), 0, 0x7fffffff)],
          trailers: false,
          stall: "after-body",
        }),
      want: tooLarge,
    },
    {
      name: "an answer of 314 kB arrives whole",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(tokens(1024))] }),
      want: {
        code: "ok",
        response: ({ result }) => {
          expect(result).toHaveLength(1024);
          expect(result[1023]?.id).toBe("1023");
        },
      },
    },
  ];
}

function flagRows(): AnswerRow[] {
  return [
    {
      name: "a gRPC-Web trailer frame in place of the message is Internal",
      on: ["grpc"],
      answer: () => grpcAnswer("grpc", { frames: [frame(listBytes, 0x80)] }),
      want: { code: Code.Internal, reason: "parse" },
    },
    {
      name: "a gRPC-Web trailer frame after the message is Internal",
      on: ["grpc"],
      answer: () => grpcAnswer("grpc", { frames: [frame(listBytes), trailerFrame({ "grpc-status": "0" })] }),
      want: { code: Code.Internal, reason: "parse" },
    },
    {
      name: "a flag that nobody defined is Internal",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(listBytes, 0x02)] }),
      want: { code: Code.Internal, reason: "parse" },
    },
    {
      name: "the compressed flag without grpc-encoding is Internal",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { frames: [frame(gzipSync(listBytes), 1)] }),
      want: { code: Code.Internal },
    },
    {
      name: "grpc-encoding identity is none",
      on: both,
      answer: (protocol) =>
        grpcAnswer(protocol, { headers: { "grpc-encoding": "identity" }, frames: [frame(listBytes)] }),
      want: { code: "ok" },
    },
    {
      name: "the compressed flag with grpc-encoding identity is Internal",
      on: both,
      answer: (protocol) =>
        grpcAnswer(protocol, { headers: { "grpc-encoding": "identity" }, frames: [frame(listBytes, 1)] }),
      want: { code: Code.Internal },
    },
    ...[0, 1].map(
      (flag): AnswerRow => ({
        name: `an encoding that nobody offered is Internal, flag ${flag}`,
        on: ["grpc"],
        answer: () => grpcAnswer("grpc", { headers: { "grpc-encoding": "snappy" }, frames: [frame(listBytes, flag)] }),
        want: { code: Code.Internal },
      }),
    ),
  ];
}

function gzipRows(): AnswerRow[] {
  const gzip = gzipSync(listBytes);
  const corrupt = Buffer.from(gzip);
  corrupt.fill(0xff, 12, 24);
  const compressed = (data: Uint8Array) => (protocol: ProtocolName) =>
    grpcAnswer(protocol, { headers: { "grpc-encoding": "gzip" }, frames: [frame(data, 1)] });
  return [
    {
      name: "a gzip message is inflated",
      on: both,
      answer: compressed(gzip),
      want: { code: "ok", response: ({ result }) => expect(result).toHaveLength(1) },
    },
    {
      name: "corrupt gzip is Internal",
      on: both,
      answer: compressed(corrupt),
      want: { code: Code.Internal, reason: "decompress" },
    },
    {
      name: "truncated gzip is Internal",
      on: both,
      answer: compressed(gzip.subarray(0, -12)),
      want: { code: Code.Internal, reason: "decompress" },
    },
  ];
}

function restRows(): AnswerRow[] {
  const large = `${listJson}${" ".repeat(limit)}`;
  const want = { code: Code.ResourceExhausted, reason: "response-too-large" };
  return [
    {
      name: "a body larger than the limit, length announced",
      on: ["rest"],
      options: { maxResponseBytes: limit },
      answer: () => jsonAnswer(large, 200, { "content-length": String(large.length) }),
      want,
    },
    {
      name: "a body larger than the limit, chunked",
      on: ["rest"],
      options: { maxResponseBytes: limit },
      answer: () => jsonAnswer(large),
      want,
    },
    {
      name: "a body of just the limit whose compressed length, which is announced, is larger",
      on: ["rest"],
      options: { fetch, maxResponseBytes: listJson.length },
      answer: () => {
        const body = gzipSync(listJson, { level: 0 });
        return jsonAnswer(body, 200, { "content-encoding": "gzip", "content-length": String(body.length) });
      },
      want: { code: "ok" },
    },
    {
      name: "a type that ends in +json is JSON",
      on: ["rest"],
      answer: () => jsonAnswer(listJson, 200, { "content-type": "application/vnd.example+json" }),
      want: { code: "ok", response: ({ result }) => expect(result).toHaveLength(1) },
    },
    {
      name: "a newer server's field may be called as errors call theirs",
      on: ["rest"],
      answer: () => jsonAnswer(`{"detail":"x",${listJson.slice(1)}`),
      want: { code: "ok", response: ({ result }) => expect(result).toHaveLength(1) },
    },
    {
      // The length alone is enough: not one byte of the body is sent.
      name: "a content-length beyond the limit fails at once",
      on: ["rest"],
      options: { maxResponseBytes: limit },
      answer: () => ({ ...jsonAnswer("", 200, { "content-length": "5000000000" }), stall: "after-body" }),
      want,
    },
  ];
}
