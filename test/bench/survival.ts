import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AuthService, createAuthClient, type UserClient } from "../../src/node.js";
import { frameType, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";

/** What a call comes to by each client: "answer", a code, or that it never ends. */
export type Survival = { fault: string; outcomes: Record<string, string> };

const once = (fault: (one: RawH2Stream) => void) => (one: RawH2Stream) => (one.number === 1 ? fault(one) : one.ok());
const refusedStream = 7;

/** What happens to the first request on the way; each later one is answered. */
const faults: Record<string, (one: RawH2Stream) => void> = {
  "the connection is reset before the answer": (one) => one.connection.reset(),
  "the connection is reset within the answer": (one) => {
    one.head();
    one.data(Buffer.from("0000000100", "hex"));
    one.connection.reset();
  },
  "the server does not take the stream (REFUSED_STREAM)": (one) => one.rst(refusedStream),
  "GOAWAY leaves out the stream": (one) => one.connection.goaway(0, 0),
  "a proxy answers 503": (one) => one.respond(503, { "content-type": "text/html" }, "<h1>busy</h1>"),
  "ZITADEL is Unavailable": (one) => one.status(Code.Unavailable, "starting"),
  "the access token has expired": (one) => one.status(Code.Unauthenticated, "expired"),
  "the server breaks HTTP/2 (RST_STREAM on stream 0)": (one) =>
    one.connection.frame(frameType.rstStream, 0, 0, Buffer.alloc(4)),
};

const patienceMs = 5_000;
const timeoutMs = 2_000;

/** Makes one call by each client under each fault. */
export async function measureSurvival(): Promise<Survival[]> {
  const survivals: Survival[] = [];
  for (const [fault, strike] of Object.entries(faults)) {
    const outcomes: Record<string, string> = {};
    for (const [name, open] of Object.entries(clients)) {
      await using server = await startRawH2({ onRequest: once(strike) });
      const { auth, close } = open(server.url);
      let stray = "";
      const onStray = () => {
        stray = ", and an error that ends the process";
      };
      process.on("uncaughtException", onStray);
      const outcome = await outcomeOf(auth.listMyRefreshTokens({}, { timeoutMs }));
      await close();
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.off("uncaughtException", onStray);
      outcomes[name] = outcome + stray;
    }
    survivals.push({ fault, outcomes });
  }
  return survivals;
}

const clients: Record<
  string,
  (baseUrl: string) => { auth: Pick<UserClient, "listMyRefreshTokens">; close(): unknown }
> = {
  ours(baseUrl) {
    const auth = createAuthClient({ baseUrl, token: ({ refresh }) => (refresh ? "token-renewed" : "token-expired") });
    return { auth, close: () => auth.close() };
  },
  "connect-node"(baseUrl) {
    const sessionManager = new Http2SessionManager(baseUrl);
    const auth = createClient(AuthService, createGrpcTransport({ baseUrl, sessionManager }));
    return { auth, close: () => sessionManager.abort() };
  },
};

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  const hangs = new Promise<string>((resolve) => setTimeout(resolve, patienceMs, "never ends").unref());
  const settled = call.then(
    () => "answer",
    (reason: unknown) => Code[ConnectError.from(reason).code] ?? "?",
  );
  return await Promise.race([settled, hangs]);
}
