import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  AuthService,
  ListMyRefreshTokensResponseSchema,
  RevokeMyRefreshTokenResponseSchema,
} from "../../gen/zitadel/auth_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { getErrorInfo } from "../../src/node.js";
import { EchoSchema } from "../gen/rest_pb.js";
import { type Answer, encodeAnswer, of } from "../helpers/encode-answer.js";
import { startReplayServer } from "../helpers/replay-server.js";
import { onePerProtocol } from "./subjects.js";

let server: Awaited<ReturnType<typeof startReplayServer>>;
beforeAll(async () => {
  server = await startReplayServer();
});
afterAll(() => server.close());

const codes = Object.values(Code).filter((code) => typeof code === "number");

for (const subject of onePerProtocol) {
  describe(subject.name, () => {
    let client: Client<typeof AuthService>;
    let close: () => Promise<void>;
    beforeAll(() => {
      const opened = subject.open(server.urls[subject.http]);
      client = createClient(AuthService, opened.transport);
      close = opened.close;
    });
    afterAll(() => close());

    const answerWith = (answer: Answer) => server.replay(encodeAnswer(subject.protocol, answer));

    async function failWith(answer: Answer): Promise<ConnectError> {
      answerWith(answer);
      const error = await client.revokeMyRefreshToken({ id: "1" }).then(
        (message) => expect(message).toBe("an error"),
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ConnectError);
      return error as ConnectError;
    }

    describe("errors", () => {
      for (const code of codes) {
        test(`${Code[code]} keeps its code, words and details`, async () => {
          const error = await failWith({
            error: {
              code,
              message: `Erreur n° ${code} «é日🔑» 100% (TEST-${code})`,
              details: [
                of(ErrorDetailSchema, { id: `TEST-${code}`, message: "é日🔑" }),
                of(EchoSchema, { text: "a type that the library does not know" }),
              ],
            },
          });
          expect(error.code).toBe(code);
          expect(error.rawMessage).toBe(`Erreur n° ${code} «é日🔑» 100% (TEST-${code})`);
          expect(error.findDetails(ErrorDetailSchema)).toEqual([
            create(ErrorDetailSchema, { id: `TEST-${code}`, message: "é日🔑" }),
          ]);
          expect(getErrorInfo(error).id).toBe(`TEST-${code}`);
        });
      }

      test("without details have no id", async () => {
        const error = await failWith({ error: { code: Code.Unauthenticated, message: "auth header missing" } });
        expect(error.details).toEqual([]);
        expect("id" in getErrorInfo(error)).toBe(false);
      });

      test("without words have none", async () => {
        const error = await failWith({ error: { code: Code.Aborted, message: "" } });
        expect(error.code).toBe(Code.Aborted);
        expect(error.rawMessage).toBe("");
      });

      test("tell of the server's metadata", async () => {
        const error = await failWith({
          error: { code: Code.Aborted, message: "x" },
          headers: { "x-request-id": "abc", "x-trace-bin": "q6ur" },
          ...(subject.protocol !== "rest" && { trailers: { "x-cost": "7", "x-proof-bin": "AAEC" } }),
        });
        expect(error.metadata.get("x-request-id")).toBe("abc");
        expect(error.metadata.get("x-trace-bin")).toBe("q6ur");
        if (subject.protocol !== "rest") {
          expect(error.metadata.get("x-cost")).toBe("7");
          expect(error.metadata.get("x-proof-bin")).toBe("AAEC");
        }
      });
    });

    describe("answers", () => {
      test("with unknown fields have all the known ones", async () => {
        const init = { details: { totalResult: 1n }, result: [{ id: "1", scopes: ["openid"] }] };
        answerWith({ message: of(ListMyRefreshTokensResponseSchema, init), unknownField: true });
        const { details, result } = await client.listMyRefreshTokens({});
        const want = create(ListMyRefreshTokensResponseSchema, init);
        expect(details).toEqual(want.details);
        expect(result).toEqual(want.result);
      });

      test("keep every extreme of a field", async () => {
        const want = create(ListMyRefreshTokensResponseSchema, {
          details: {
            totalResult: 18446744073709551615n,
            processedSequence: 9007199254740993n,
            viewTimestamp: { seconds: 253402300799n, nanos: 999_999_999 },
          },
          result: [
            { authTime: { seconds: -62135596800n, nanos: 0 }, scopes: ["", " "], id: '\u0000\t\r\n"\\</script>' },
            {},
            { clientId: "é日🔑\u202e", audience: Array.from({ length: 300 }, (_, i) => String(i)) },
          ],
        });
        answerWith({ message: [ListMyRefreshTokensResponseSchema, want] });
        expect(await client.listMyRefreshTokens({})).toEqual(want);
      });

      test("that are empty are empty messages", async () => {
        answerWith({});
        expect(await client.listMyRefreshTokens({})).toEqual(create(ListMyRefreshTokensResponseSchema));
        expect(await client.revokeMyRefreshToken({ id: "1" })).toEqual(create(RevokeMyRefreshTokenResponseSchema));
      });

      test("of a megabyte arrive whole", async () => {
        const want = create(ListMyRefreshTokensResponseSchema, { result: [{ id: "x".repeat(1_000_000) }] });
        answerWith({ message: [ListMyRefreshTokensResponseSchema, want] });
        expect((await client.listMyRefreshTokens({})).result[0]?.id).toHaveLength(1_000_000);
      });

      test("are asked for with the metadata of the caller", async () => {
        answerWith({});
        const headers = new Headers({ "x-note": "abc", "x-note-bin": "q6ur" });
        headers.append("x-note", "def");
        await client.listMyRefreshTokens({}, { headers });
        expect(server.asked).toMatchObject({ "x-note": "abc, def", "x-note-bin": "q6ur" });
      });

      test("give their metadata to those who ask", async () => {
        answerWith({
          headers: { "x-request-id": "abc", "x-trace-bin": "q6ur" },
          ...(subject.protocol !== "rest" && { trailers: { "x-cost": "7", "x-proof-bin": "AAEC" } }),
        });
        let header = new Headers();
        let trailer = new Headers();
        await client.listMyRefreshTokens(
          {},
          {
            onHeader(headers) {
              header = headers;
            },
            onTrailer(trailers) {
              trailer = trailers;
            },
          },
        );
        expect(header.get("x-request-id")).toBe("abc");
        expect(header.get("x-trace-bin")).toBe("q6ur");
        expect(trailer.get("x-request-id")).toBeNull();
        if (subject.protocol !== "rest") {
          expect(trailer.get("x-cost")).toBe("7");
          expect(trailer.get("x-proof-bin")).toBe("AAEC");
          expect(header.get("x-cost")).toBeNull();
        }
      });
    });
  });
}
