import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, getErrorInfo, grpc, grpcWeb, rest } from "../../../src/node.js";
import { okAnswer, type RawH2Stream, startRawH2 } from "../../helpers/raw-h2.js";

const token = "token-of-nobody";

describe("an answer that is whole before the request is out", () => {
  // No window for the request's body, and few streams at a time.
  const settings = [
    [4, 0],
    [3, 3],
  ] as const;

  for (const [protocol, ends] of [
    [grpc, "Internal missing-trailers"],
    [grpcWeb, "ok"],
    [rest, "ok"],
  ] as const) {
    const send = async (onHeaders: (one: RawH2Stream) => void) => {
      await using server = await startRawH2({ settings, onHeaders });
      await using auth = createAuthClient({ baseUrl: server.url, token, protocol, http2: {}, timeoutMs: 2_000 });
      const calls = Array.from({ length: 7 }, () => auth.listMyRefreshTokens({}));
      return await Promise.all(calls.map((call) => call.then(() => "ok", outcomeOf)));
    };

    test(`is taken, and the stream given back, ${protocol.name}`, async () => {
      const answer = (one: RawH2Stream) => {
        one.head();
        one.data(okAnswer(one.headers["content-type"]).body, { endStream: true });
      };
      expect(await send(answer)).toEqual(Array(7).fill(ends));
      const forbid = (one: RawH2Stream) => one.respond(403, { "content-type": "text/html" }, "<h1>no</h1>");
      expect(await send(forbid)).toEqual(Array(7).fill("PermissionDenied undefined"));
    });

    test(`is not taken where it is only the beginning of one, ${protocol.name}`, async () => {
      const cut = (one: RawH2Stream) => {
        one.head();
        one.data(okAnswer(one.headers["content-type"]).body);
        one.rst(8);
      };
      expect(await send(cut)).toEqual(Array(7).fill("Canceled rst-cancel"));
    });
  }
});

function outcomeOf(error: unknown): string {
  return `${Code[(error as { code: Code }).code]} ${getErrorInfo(error).reason}`;
}
