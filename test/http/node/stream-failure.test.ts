import { describe, expect, test } from "@jest/globals";
import { Code, createAuthClient, getErrorInfo } from "../../../src/node.js";
import { type RawH2Stream, startRawH2 } from "../../helpers/raw-h2.js";

const refusedStream = 7;

async function failing(onRequest: (stream: RawH2Stream) => void) {
  await using server = await startRawH2({ onRequest });
  await using auth = createAuthClient({ baseUrl: server.url, token: "token-of-nobody", retry: false });
  const error = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
  const { reason } = getErrorInfo(error);
  return { code: (error as { code?: Code }).code, reason, requests: server.requests.length };
}

describe("REFUSED_STREAM is the server's word that it did not take a request", () => {
  test("as the code of its stream: it is sent once more even without retry", async () => {
    expect(await failing((one) => one.rst(refusedStream))).toMatchObject({ reason: "rst-refused-stream", requests: 2 });
  });

  test("but not as the code of a GOAWAY that includes it", async () => {
    const lost = { code: Code.Unavailable, reason: "connection-lost", requests: 1 };
    expect(await failing((one) => one.connection.goaway(one.id, refusedStream))).toEqual(lost);
    const headFirst = (one: RawH2Stream) => {
      one.head();
      one.connection.goaway(one.id, refusedStream);
    };
    expect(await failing(headFirst)).toEqual(lost);
  });

  test("nor after the answer's head", async () => {
    const headFirst = (one: RawH2Stream) => {
      one.head();
      one.rst(refusedStream);
    };
    const cut = { code: Code.Unavailable, reason: "rst-refused-stream", requests: 1 };
    expect(await failing(headFirst)).toEqual(cut);
  });
});
