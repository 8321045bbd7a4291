import { existsSync } from "node:fs";
import { create, equals } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { AuthService, ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { getErrorInfo } from "../../src/node.js";
import { type RecordedAnswer, readRecordedAnswers } from "../helpers/recorded-answers.js";
import { startReplayServer } from "../helpers/replay-server.js";
import { subjects } from "./subjects.js";

// What ZITADEL's own libraries put on the wire, recorded; a file of the project, not of the package.
const folder = `${process.env.REFERENCE_DIR ?? "../shared"}/reference/traces`;
const present = existsSync(folder);
// Jest shows no console output of a file whose tests are all skipped.
if (!present) process.stderr.write(`skipped: no recorded answers at ${folder} (REFERENCE_DIR tells where)\n`);
const answers = present ? readRecordedAnswers(folder) : [];

const time = (iso: string, nanos = 123_456_000): Timestamp => ({ ...timestampFromDate(new Date(iso)), nanos });
const details = { processedSequence: 2678n, viewTimestamp: time("2025-08-01T08:45:00Z") };
const token = (id: string, sequence: bigint) => ({
  id,
  details: {
    sequence,
    creationDate: time("2025-08-01T08:45:00Z"),
    changeDate: time("2025-08-01T09:45:00Z"),
    resourceOwner: "69629023906488334",
  },
  clientId: "69629023906488335@zitadel",
  authTime: time("2025-08-01T08:45:00Z", 0),
  idleExpiration: time("2025-08-31T08:45:00Z"),
  expiration: time("2025-10-30T08:45:00Z"),
  scopes: ["openid", "offline_access"],
  audience: ["69629023906488335@zitadel", "69629023906481256"],
});
const first = token("324567890123456789", 100n);
const second = token("324567890123456790", 101n);
const none = create(ListMyRefreshTokensResponseSchema, { details });
const one = create(ListMyRefreshTokensResponseSchema, { details: { ...details, totalResult: 1n }, result: [first] });
const two = create(ListMyRefreshTokensResponseSchema, {
  details: { ...details, totalResult: 2n },
  result: [first, second],
});

interface Failure {
  code: Code;
  message: string;
  id?: string;
}
const noAuth: Failure = { code: Code.Unauthenticated, message: "auth header missing" };
const badToken: Failure = {
  code: Code.Unauthenticated,
  message: "Errors.Token.Invalid (AUTH-7fs1e)",
  id: "AUTH-7fs1e",
};
const notFound: Failure = {
  code: Code.NotFound,
  message: "Refresh Token not found (COMMAND-BHt2w)",
  id: "COMMAND-BHt2w",
};
const noneToRevoke: Failure = {
  code: Code.InvalidArgument,
  message: "ID missing (COMMAND-Gfj42)",
  id: "COMMAND-Gfj42",
};
const failure = (code: Code, message: string, id?: string): Failure => ({ code, message, ...(id && { id }) });

// By the name of the recording: the list it holds, or the error. Preflights and pages are no answers to a call.
const expected: Record<string, typeof none | Failure> = {
  "GRPC list zero +proto": none,
  "GRPC no te": none,
  "GRPC gzip request": two,
  "GRPC no auth": noAuth,
  "GRPC bad token": badToken,
  "GRPC revoke not found": notFound,
  "GRPC revoke all none": noneToRevoke,
  "GRPC unknown method": failure(Code.Unimplemented, "unknown method Nope for service zitadel.auth.v1.AuthService"),
  "GRPC unknown service": failure(Code.Unimplemented, "unknown service zitadel.nope.v1.X"),
  "GRPC grpc-timeout 1n": failure(Code.DeadlineExceeded, "context deadline exceeded"),
  "GRPC no body": failure(Code.Unknown, "EOF"),
  "GRPC compressed flag w/o encoding": failure(
    Code.Internal,
    "grpc: compressed flag set with identity or empty encoding",
  ),
  "GRPC unknown encoding": failure(Code.Unimplemented, 'grpc: Decompressor is not installed for grpc-encoding "br"'),
  "GRPC message too large (header says 5MiB)": failure(
    Code.ResourceExhausted,
    "grpc: received message larger than max (5242880 vs. 4194304)",
  ),

  "GRPC-WEB list two (origin)": two,
  "GRPC-WEB list zero": none,
  "GRPC-WEB evil origin still OK (no origin check on grpc-web)": none,
  "GRPC-WEB application/grpc-web (no subtype), no x-grpc-web, no origin": none,
  "GRPC-WEB over h2c": none,
  "GRPC-WEB no auth": noAuth,
  "GRPC-WEB bad token (details)": badToken,
  "GRPC-WEB revoke not found": notFound,
  "GRPC-WEB unknown method (trailers-only)": failure(
    Code.Unimplemented,
    "unknown method Nope for service zitadel.auth.v1.AuthService",
  ),
  "GRPC-WEB unknown service": failure(Code.Unimplemented, "unknown service zitadel.nope.v1.Nope"),
  "GRPC-WEB empty body (no frame)": failure(Code.Unknown, "EOF"),
  "GRPC-WEB junk protobuf": failure(
    Code.Internal,
    "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data",
  ),

  "REST list two": two,
  "REST list zero": none,
  "REST list empty body, no content-type": one,
  "REST unknown field in body (DiscardUnknown)": none,
  "REST origin allowed": one,
  "REST TE trailers": one,
  "REST over h2c": none,
  "REST via h2c upgrade": none,
  "REST revoke_all ok": create(ListMyRefreshTokensResponseSchema),
  "REST no auth": noAuth,
  "REST bad scheme": failure(Code.Unauthenticated, "invalid auth header (AUTH-toLo1)", "AUTH-toLo1"),
  "REST bad token": badToken,
  "REST org does not exist": failure(Code.PermissionDenied, "Organisation doesn't exist (AUTH-Bs7Ds)", "AUTH-Bs7Ds"),
  "REST origin not allowed": failure(Code.PermissionDenied, "Errors.OriginNotAllowed (AUTH-DZG21)", "AUTH-DZG21"),
  "REST wrong method": failure(Code.Unimplemented, "Method Not Allowed"),
  "REST wrong path": failure(Code.NotFound, "Not Found"),
  "REST bad json": failure(Code.InvalidArgument, "invalid character 'b' looking for beginning of object key string"),
  "REST json array": failure(Code.InvalidArgument, "proto: syntax error (line 1:1): unexpected token ["),
  "REST bad grpc-timeout": failure(Code.InvalidArgument, "invalid grpc-timeout: 5"),
  "REST tiny grpc-timeout 1n": failure(Code.DeadlineExceeded, "context deadline exceeded"),
  "REST revoke not found": notFound,
  "REST revoke_all with none": noneToRevoke,
  "CONNECT unary json on v1 service": failure(Code.NotFound, "Not Found"),
};

// Recordings whose answer is no gRPC status: the HTTP status decides, and the body says more.
const noSuchPath = /HTTP 404 without a status of the API: "Not Found"; /;
const malformed = /HTTP 400 without a status of the API: "malformed grpc-timeout: .* is not recognized: "(?:abc|xx)""$/;
const byHttpStatus: Record<string, [code: Code, message: RegExp]> = {
  "GRPC malformed timeout": [Code.Internal, malformed],
  "GRPC content-type with charset (not matched -> gateway)": [Code.Unimplemented, noSuchPath],
  "GRPC-WEB bad grpc-timeout": [Code.Internal, malformed],
  "GRPC over HTTP/1.1 (application/grpc) -> gateway 404": [Code.Unimplemented, noSuchPath],
  // A 200, but in a form that was not asked for.
  "GRPC-WEB-TEXT zero": [Code.Unknown, /got content-type "application\/grpc-web-text"$/],
};

describe("recorded answers of ZITADEL's libraries", () => {
  if (!present) {
    test.skip("there are none here", () => {});
    return;
  }

  let server: Awaited<ReturnType<typeof startReplayServer>>;
  beforeAll(async () => {
    server = await startReplayServer();
  });
  afterAll(() => server.close());

  async function read(client: Client<typeof AuthService>, answer: RecordedAnswer) {
    server.replay(answer);
    return client.listMyRefreshTokens({}).catch((reason: unknown) => reason as ConnectError);
  }

  for (const subject of subjects) {
    describe(subject.name, () => {
      let client: Client<typeof AuthService>;
      let close: () => Promise<void>;
      beforeAll(() => {
        const opened = subject.open(server.urls[subject.http]);
        client = createClient(AuthService, opened.transport);
        close = opened.close;
      });
      afterAll(() => close());

      for (const answer of answers) {
        if (answer.protocol !== subject.protocol) continue;
        const want = expected[answer.name];
        if (want && "code" in want) {
          test(`${answer.name} is ${Code[want.code]}`, async () => {
            const error = (await read(client, answer)) as ConnectError;
            expect(error).toBeInstanceOf(ConnectError);
            const { code, rawMessage: message } = error;
            const { id } = getErrorInfo(error);
            expect({ code, message, ...(id && { id }) }).toEqual(want);
            if (subject.ours) expect(getErrorInfo(error).attempts).toBe(1);
            if (subject.ours && (!subject.wraps || id)) expect(getErrorInfo(error).fromServer).toBe(true);
          });
        } else if (want) {
          test(`${answer.name} has ${want.result.length} tokens`, async () => {
            const got = await read(client, answer);
            expect(got).not.toBeInstanceOf(ConnectError);
            const message = got as typeof want;
            expect(message).toEqual(want);
            expect(equals(ListMyRefreshTokensResponseSchema, message, want)).toBe(true);
          });
        }
        const [code, message] = byHttpStatus[answer.name] ?? [];
        // Stock transports decide some of these otherwise.
        if (code !== undefined && subject.ours && !subject.wraps) {
          test(`${answer.name} is ${Code[code]} by its HTTP status`, async () => {
            const error = (await read(client, answer)) as ConnectError;
            expect(error).toBeInstanceOf(ConnectError);
            expect(error.code).toBe(code);
            expect(getErrorInfo(error)).toMatchObject({ fromServer: false, httpStatus: answer.status });
            expect(error.message).toMatch(message as RegExp);
          });
        }
      }
    });
  }

  test("every recording that a test names exists and is whole", () => {
    const names = new Set(answers.map(({ name }) => name));
    const named = [...Object.keys(expected), ...Object.keys(byHttpStatus)];
    expect(named.filter((name) => !names.has(name))).toEqual([]);
  });
});
