// A program that is asked by messages: makes calls at the same time, and then some more at once, and tells what came of
// them, for each of several clients at a time. In a process of its own, since it is about a process that never gets to its timers and signals any more.
import { Code, ConnectError, createAuthClient, getErrorInfo } from "../../src/node.js";

/** What the program is asked, for one client. */
export interface Question {
  readonly baseUrl: string;
  readonly retry: boolean;
  readonly inFlight: number;
  /** How many times so many calls are made, one after the other. */
  readonly rounds: number;
}

/** How each call of a round ended: "ok", or the code and the reason, or what else was thrown. */
export type Rounds = string[][];

process.on("message", async (questions: Question[]) => {
  process.send?.(await Promise.all(questions.map(ask)));
});

async function ask({ baseUrl, retry, inFlight, rounds }: Question): Promise<Rounds> {
  const auth = createAuthClient({
    baseUrl,
    timeoutMs: 3_000,
    // Without a PING Node would not notice some of them: it reads on, and drops what it reads.
    http2: { pingIntervalMs: 100, pingTimeoutMs: 300 },
    retry: retry ? { initialBackoffMs: 1, maxBackoffMs: 1 } : false,
  });
  const outcomes: Rounds = [];
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: inFlight }, () => auth.listMyRefreshTokens({}));
    outcomes.push(await Promise.all(calls.map((call) => call.then(() => "ok", outcomeOf))));
  }
  await auth.close();
  return outcomes;
}

process.once("disconnect", () => process.exit());
process.send?.("ready");

function outcomeOf(error: unknown): string {
  if (!(error instanceof ConnectError)) return String(error);
  return `${Code[error.code]} ${getErrorInfo(error).reason}`;
}
