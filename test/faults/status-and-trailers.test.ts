import { gzipSync } from "node:zlib";
import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { getErrorInfo } from "../../src/node.js";
import { type AnswerRow, testAnswerRows } from "./answer-row.js";
import {
  errorAnswer,
  errorDetail,
  frame,
  grpcAnswer,
  listBytes,
  okAnswer,
  type ProtocolName,
  percentEncode,
  retryInfo,
  statusBytes,
  trailerFrame,
} from "./answers.js";

const both: ProtocolName[] = ["grpc", "grpcWeb"];
const message = frame(listBytes);

/** Trailers-Only with these trailers. */
function trailersOnly(protocol: ProtocolName, trailers: Record<string, string>) {
  return grpcAnswer(protocol, { trailers, trailersOnly: true });
}

/** gRPC-Web with a body written by hand. */
function web(...frames: Uint8Array[]) {
  return grpcAnswer("grpcWeb", { frames, trailers: false });
}

const expired = errorDetail("AUTH-7fs1e", "Errors.Token.Invalid");
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
// Chosen so that its base64 uses both characters in which the two alphabets differ.
const awkward = base64(statusBytes(7, "???>>>~~~", [errorDetail("AUTHZ-Kl3p0", "???>>>~~~")]));

describe("gRPC status and trailers", () => {
  test("the base64 example uses + and / and padding", () => {
    expect(awkward).toMatch(/\+/);
    expect(awkward).toMatch(/\//);
    expect(awkward).toMatch(/=$/);
  });

  testAnswerRows(statusRows());
  testAnswerRows(badStatusRows());
  testAnswerRows(placeRows());
  testAnswerRows(messageRows());
  testAnswerRows(detailsRows());
  testAnswerRows(trailerFrameRows());
  testAnswerRows(pushbackRows());
});

function statusRows(): AnswerRow[] {
  const codes = Array.from({ length: 16 }, (_, i) => (i + 1) as Code);
  return [
    {
      name: "Trailers-Only with 16 is Unauthenticated, in the server's words",
      on: both,
      answer: (protocol) => trailersOnly(protocol, { "grpc-status": "16", "grpc-message": "Token expired" }),
      // The row's provider has no other token to offer, so there is no replay.
      want: { code: Code.Unauthenticated, rawMessage: "Token expired", fromServer: true },
    },
    ...codes.map(
      (code): AnswerRow => ({
        name: `${Code[code]} without a message says what the code means`,
        on: [...both, "rest"],
        answer: (protocol) => errorAnswer(protocol, code, { message: "" }),
        options: { retry: false },
        want: {
          code,
          fromServer: true,
          rawMessage: "",
          message:
            code === Code.Unimplemented
              ? /does not have this method; is baseUrl the root/
              : /^\[[a-z_]+\] \w[\w ]{10,}$/,
        },
      }),
    ),
    ...codes.map(
      (code): AnswerRow => ({
        name: `the server's ${Code[code]} arrives with message and metadata`,
        on: both,
        answer: (protocol) =>
          grpcAnswer(protocol, {
            headers: { "x-request-id": "d2f4" },
            trailers: { "grpc-status": String(code), "grpc-message": "so it is", "x-trailer": "yes" },
          }),
        want: {
          code,
          rawMessage: "so it is",
          fromServer: true,
          requests: code === Code.Unavailable ? 4 : 1,
          error: ({ metadata }) => {
            expect(metadata.get("x-request-id")).toBe("d2f4");
            expect(metadata.get("x-trailer")).toBe("yes");
          },
        },
      }),
    ),
  ];
}

function badStatusRows(): AnswerRow[] {
  // The last two are what parseInt would take for 7.
  return ["", "abc", "-1", "17", "99", "0x7", "1e20", "7xyz", "007"].map((status) => ({
    name: `a grpc-status of "${status}" is Unknown`,
    on: both,
    answer: (protocol) => grpcAnswer(protocol, { frames: [message], trailers: { "grpc-status": status } }),
    want: { code: Code.Unknown, reason: "bad-status" },
  }));
}

function placeRows(): AnswerRow[] {
  return [
    {
      name: "the status in the trailers wins over OK in the head",
      on: both,
      answer: (protocol) =>
        grpcAnswer(protocol, { headers: { "grpc-status": "0" }, trailers: { "grpc-status": "7" }, frames: [message] }),
      want: { code: Code.PermissionDenied, fromServer: true },
    },
    {
      name: "OK in the head and in the trailers is OK",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { headers: { "grpc-status": "0" }, frames: [message] }),
      want: { code: "ok" },
    },
    {
      name: "502 of gRPC's type without a status is Unavailable",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { status: 502, trailers: false }),
      want: { code: Code.Unavailable, httpStatus: 502, requests: 4 },
    },
    {
      name: "a status of gRPC's counts in an answer of another type",
      on: both,
      answer: () => ({ status: 403, headers: { "content-type": "text/html", "grpc-status": "7" } }),
      want: { code: Code.PermissionDenied, httpStatus: 403, fromServer: true },
    },
    {
      name: "an error in the head and OK in the trailers is never OK",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { headers: { "grpc-status": "7" }, frames: [message] }),
      want: { code: Code.Unknown },
    },
    {
      name: "a message before an error is dropped",
      on: both,
      answer: (protocol) => grpcAnswer(protocol, { trailers: { "grpc-status": "7" }, frames: [message] }),
      want: { code: Code.PermissionDenied, fromServer: true },
    },
  ];
}

function messageRows(): AnswerRow[] {
  const denied = (grpcMessage: string) => (protocol: ProtocolName) =>
    trailersOnly(protocol, { "grpc-status": "7", "grpc-message": grpcMessage });
  const code = Code.PermissionDenied;
  return [
    {
      name: "a percent-encoded message is decoded as UTF-8",
      on: both,
      answer: denied("%E2%82%AC%20caf%C3%A9"),
      want: { code, fromServer: true, rawMessage: "€ café" },
    },
    {
      name: "the message of gRPC's interop test special_status_message arrives as it is",
      on: both,
      answer: denied("%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A"),
      want: {
        code,
        fromServer: true,
        rawMessage: "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n",
      },
    },
    {
      name: "a percent-encoded message in lower case is decoded as well",
      on: both,
      answer: denied("%e2%82%ac caf%c3%a9"),
      want: { code, fromServer: true, rawMessage: "€ café" },
    },
    {
      name: "a lone percent sign stays",
      on: both,
      answer: denied("100%"),
      want: { code, fromServer: true, rawMessage: "100%" },
    },
    {
      name: "an escape that is none stays",
      on: both,
      answer: denied("%ZZ"),
      want: { code, fromServer: true, rawMessage: "%ZZ" },
    },
    {
      name: "half a character stays as it came",
      on: both,
      answer: denied("a%E2%82b"),
      want: { code, fromServer: true, rawMessage: "a%E2%82b" },
    },
    {
      name: "line ends, escapes and bidi marks stay in rawMessage and are escaped in message",
      on: both,
      answer: denied(percentEncode("one\r\ntwo \u001b[31mred \u202Eback")),
      want: {
        code,
        fromServer: true,
        rawMessage: "one\r\ntwo \u001b[31mred \u202Eback",
        message: /^\[permission_denied\] one.*two.*red.*back$/,
      },
    },
    {
      name: "raw UTF-8 where percent-encoding belongs is read as UTF-8",
      on: ["grpcWeb"],
      answer: () => web(frame(Buffer.from("grpc-status: 7\r\ngrpc-message: café €\r\n"), 0x80)),
      want: { code, fromServer: true, rawMessage: "café €" },
    },
    {
      name: "raw bytes that are no UTF-8 stay as they came",
      on: ["grpcWeb"],
      answer: () => web(frame(Buffer.from("grpc-status: 7\r\ngrpc-message: caf\u00e9 %41\r\n", "latin1"), 0x80)),
      want: { code, fromServer: true, rawMessage: "caf\u00e9 %41" },
    },
    {
      name: "a message of 64 KiB is cut in message",
      on: ["grpc"],
      answer: denied("x".repeat(65_536)),
      want: {
        code,
        fromServer: true,
        rawMessage: /^x{200}/,
        error: ({ message }) => expect(message.length).toBeLessThanOrEqual(300),
      },
    },
  ];
}

function detailsRows(): AnswerRow[] {
  const withDetails = (details: string, status = "7") => ({
    answer: (protocol: ProtocolName) =>
      trailersOnly(protocol, { "grpc-status": status, "grpc-message": "no", "grpc-status-details-bin": details }),
    on: both,
  });
  const denied = { code: Code.PermissionDenied, rawMessage: "no", fromServer: true };
  const noDetails = (error: ConnectError) => expect(error.details).toEqual([]);
  return [
    {
      name: "ErrorDetail is found, and its id is in getErrorInfo",
      ...withDetails(base64(statusBytes(7, "no", [expired]))),
      want: {
        ...denied,
        error: (error) => {
          expect(error.findDetails(ErrorDetailSchema)).toMatchObject([
            { id: "AUTH-7fs1e", message: "Errors.Token.Invalid" },
          ]);
          expect(getErrorInfo(error)?.id).toBe("AUTH-7fs1e");
        },
      },
    },
    {
      name: "of 40 details the first 32 are kept",
      ...withDetails(base64(statusBytes(7, "no", Array(40).fill(expired)))),
      want: { ...denied, error: ({ details }) => expect(details).toHaveLength(32) },
    },
    {
      name: "a detail of an unknown type is kept as it is",
      ...withDetails(
        base64(
          statusBytes(7, "no", [
            { typeUrl: "type.googleapis.com/example.Unheard", value: Buffer.from("raw"), json: {} },
            expired,
          ]),
        ),
      ),
      want: {
        ...denied,
        error: (error) => {
          expect(error.details[0]).toMatchObject({ type: "example.Unheard" });
          expect(Buffer.from((error.details[0] as { value: Uint8Array }).value).toString()).toBe("raw");
          expect(getErrorInfo(error)?.id).toBe("AUTH-7fs1e");
        },
      },
    },
    {
      name: "details that are not base64 are dropped",
      ...withDetails("!!!"),
      want: { ...denied, error: noDetails },
    },
    {
      name: "details that are cut off are dropped",
      ...withDetails(base64(statusBytes(7, "no", [expired]).subarray(0, -5))),
      want: { ...denied, error: noDetails },
    },
    ...[0, 5, 99].map(
      (code): AnswerRow => ({
        name: `details with code ${code} do not change grpc-status 7`,
        ...withDetails(base64(statusBytes(code, "no", [expired]))),
        want: denied,
      }),
    ),
    ...[
      { form: "padded", text: awkward },
      { form: "unpadded", text: awkward.replace(/=+$/, "") },
      { form: "URL-safe", text: awkward.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "") },
    ].map(
      ({ form, text }): AnswerRow => ({
        name: `details in ${form} base64 are read`,
        ...withDetails(text),
        want: {
          code: Code.PermissionDenied,
          fromServer: true,
          error: (error) => expect(getErrorInfo(error)?.id).toBe("AUTHZ-Kl3p0"),
        },
      }),
    ),
  ];
}

function trailerFrameRows(): AnswerRow[] {
  const on: ProtocolName[] = ["grpcWeb"];
  const ok = trailerFrame({ "grpc-status": "0" });
  return [
    {
      name: "a trailer frame without grpc-status is an error",
      on,
      answer: () => web(message, trailerFrame({ "x-other": "1" })),
      want: { code: Code.Internal },
    },
    {
      name: "a body without a trailer frame is Unknown, with a hint",
      on,
      answer: () => web(message),
      want: { code: Code.Unknown, reason: "missing-trailers", message: /proxy|cut|trailer/i },
    },
    {
      name: "a message after the trailers is Internal",
      on,
      answer: () => web(ok, message),
      want: { code: Code.Internal, reason: "trailers-not-last" },
    },
    {
      name: "a second message after the trailers is Internal",
      on,
      answer: () => web(message, ok, message),
      want: { code: Code.Internal, reason: "trailers-not-last" },
    },
    {
      name: "two trailer frames are Internal",
      on,
      answer: () => web(message, ok, ok),
      want: { code: Code.Internal, reason: "trailers-not-last" },
    },
    {
      name: "16 in the head with an empty trailer frame stays Unauthenticated",
      on,
      answer: () =>
        grpcAnswer("grpcWeb", {
          headers: { "grpc-status": "16", "grpc-message": "Token expired" },
          frames: [frame(new Uint8Array(), 0x80)],
          trailers: false,
        }),
      want: { code: Code.Unauthenticated, rawMessage: "Token expired", fromServer: true },
    },
    {
      name: "trailers with LF only are read",
      on,
      answer: () => web(message, frame(Buffer.from("grpc-status: 0\nx-a: 1\n"), 0x80)),
      want: { code: "ok" },
    },
    {
      name: "an error's trailer that is there twice has both values, and one without a name is left out",
      on,
      answer: () => web(frame(Buffer.from("grpc-status: 7\r\nx-a: 1\r\nx-a: 2\r\n: 3\r\n"), 0x80)),
      want: {
        code: Code.PermissionDenied,
        fromServer: true,
        error: ({ metadata }) => expect(metadata.get("x-a")).toBe("1, 2"),
      },
    },
    {
      name: "trailers in mixed case and with spaces are read",
      on,
      answer: () => web(message, frame(Buffer.from("Grpc-Status:   0  \r\nX-A:1\r\n"), 0x80)),
      want: { code: "ok" },
    },
    {
      name: "compressed trailers without a grpc-encoding are Internal",
      on,
      answer: () => web(message, frame(gzipSync("grpc-status: 0\r\n"), 0x81)),
      want: { code: Code.Internal },
    },
    {
      // The row's Internal holds for a browser that cannot inflate. Ours offers gzip wherever it can inflate it.
      name: "compressed trailers are inflated, since gzip was offered",
      on,
      answer: () =>
        grpcAnswer("grpcWeb", {
          headers: { "grpc-encoding": "gzip" },
          frames: [message, frame(gzipSync("grpc-status: 7\r\n"), 0x81)],
          trailers: false,
        }),
      want: { code: Code.PermissionDenied, fromServer: true },
    },
  ];
}

function pushbackRows(): AnswerRow[] {
  const once = (first: (protocol: ProtocolName) => ReturnType<typeof okAnswer>): AnswerRow["answer"] => {
    return (protocol, { n }) => (n === 1 ? first(protocol) : okAnswer(protocol));
  };
  const pushback = (value: string) => (protocol: ProtocolName) =>
    trailersOnly(protocol, { "grpc-status": "14", "grpc-retry-pushback-ms": value });
  return [
    ...[Code.Unavailable, Code.ResourceExhausted].map(
      (code): AnswerRow => ({
        name: `RetryInfo on ${Code[code]} is the delay before the repeat`,
        on: both,
        // 300 ms rather than the row's 1 s: as far from the row's 1 ms backoff, and quicker.
        answer: once((protocol) => errorAnswer(protocol, code, { details: [retryInfo(300)] })),
        want: { code: "ok", requests: 2, gaps: [300] },
      }),
    ),
    {
      name: "RetryInfo longer than the deadline ends the call at once",
      on: both,
      answer: (protocol) => errorAnswer(protocol, Code.Unavailable, { details: [retryInfo(60_000)] }),
      want: { code: Code.Unavailable, fromServer: true },
    },
    {
      name: "ResourceExhausted without RetryInfo is not repeated",
      on: both,
      answer: (protocol) => errorAnswer(protocol, Code.ResourceExhausted),
      want: { code: Code.ResourceExhausted, fromServer: true },
    },
    {
      name: "a pushback of 150 ms is waited for",
      on: ["grpc"],
      answer: once(pushback("150")),
      want: { code: "ok", requests: 2, gaps: [150] },
    },
    ...["-1", "abc", "150x"].map(
      (value): AnswerRow => ({
        name: `a pushback of ${value} ends the repeats`,
        on: ["grpc"],
        answer: pushback(value),
        want: { code: Code.Unavailable, fromServer: true },
      }),
    ),
  ];
}
