import { fromBinary } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  AuthService,
  type ListMyRefreshTokensResponse,
  ListMyRefreshTokensResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import type { RefreshToken } from "../../gen/zitadel/user_pb.js";
import { getErrorInfo } from "../../src/node.js";
import { type Recording, readRecordings } from "../helpers/recorded-answers.js";
import { startReplayServer } from "../helpers/replay-server.js";
import { subjects } from "./subjects.js";

const recordings = readRecordings();
const byId = (tokens: readonly RefreshToken[]) => tokens.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** The five tokens of one user, whose list was recorded over REST as well as over gRPC. */
const five = recordings.filter(({ means }) => means?.tokens === 5);
const [inBinary] = five.filter(({ answer }) => answer.protocol === "grpc");
const tokens = byId(
  fromBinary(ListMyRefreshTokensResponseSchema, inBinary?.answer.body.subarray(5) ?? new Uint8Array()).result,
);

let server: Awaited<ReturnType<typeof startReplayServer>>;
beforeAll(async () => {
  server = await startReplayServer();
});
afterAll(() => server.close());

function call(auth: Client<typeof AuthService>, { call, answer }: Recording) {
  server.replay(answer);
  const [verb, id = ""] = call.split(" ");
  if (verb === "revoke") return auth.revokeMyRefreshToken({ id });
  return verb === "revoke-all" ? auth.revokeAllMyRefreshTokens({}) : auth.listMyRefreshTokens({});
}

for (const subject of subjects) {
  describe(`what a genuine ZITADEL answered, by ${subject.name}:`, () => {
    let auth: Client<typeof AuthService>;
    let close: () => Promise<void>;
    beforeAll(() => {
      const opened = subject.open(server.urls[subject.http]);
      auth = createClient(AuthService, opened.transport);
      close = opened.close;
    });
    afterAll(() => close());

    for (const recording of recordings) {
      const { answer, means } = recording;
      if (answer.protocol !== subject.protocol || !means) continue;
      // Where no status of gRPC's came, stock transports decide some otherwise.
      if (means.http && (!subject.ours || subject.wraps)) continue;

      test(`${answer.name} is ${means.code ?? "a success"}`, async () => {
        const outcome = await call(auth, recording).catch((reason: unknown) => reason as ConnectError);
        if (means.code === undefined) {
          expect(outcome).not.toBeInstanceOf(ConnectError);
          const { result = [] } = outcome as Partial<ListMyRefreshTokensResponse>;
          expect(byId(result)).toEqual(means.tokens ? tokens : []);
          return;
        }
        expect(outcome).toBeInstanceOf(ConnectError);
        const error = outcome as ConnectError;
        const { id, attempts, fromServer, httpStatus } = getErrorInfo(error);
        const { message = error.rawMessage, http } = means;
        expect({ code: Code[error.code], message: error.rawMessage, id }).toEqual({
          code: means.code,
          message,
          id: means.id,
        });
        if (!subject.ours) return;
        expect(attempts).toBe(1);
        if (http) {
          expect({ fromServer, httpStatus }).toEqual({ fromServer: false, httpStatus: http });
          expect(error.message).toMatch(/without a status of the API: "(Not Found|malformed grpc-timeout: .*)"/);
        } else if (!subject.wraps || id) expect(fromServer).toBe(true);
      });
    }
  });
}

test("the five tokens were recorded over two protocols, and read as they were", () => {
  expect(five.map(({ answer }) => answer.protocol)).toEqual(["rest", "grpc"]);
  expect(tokens).toHaveLength(5);
  const [{ details, authTime, audience, ...token }] = tokens as [RefreshToken];
  expect(token).toMatchObject({ id: "401167766339456038", clientId: "401167763151850534@projmww478xx" });
  expect(details).toMatchObject({ sequence: 6n, resourceOwner: "401167604858817574" });
  expect(authTime).toMatchObject({ seconds: 1795610621n, nanos: 926_288_000 });
  expect(audience).toHaveLength(5);
});
