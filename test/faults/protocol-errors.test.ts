import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Child } from "../helpers/child.js";
import { type RawH2Connection, startRawH2 } from "../helpers/raw-h2.js";
import { until } from "./fault-row.js";
import { type Violate, violations } from "./violations.js";
import type { Question, Rounds } from "./violations-program.js";

// A connection that the server's frames end, and calls that go on at once: Node destroys the session some turns of the
// event loop before it says so. The client runs in a process of its own, which is killed if it falls silent.

const moments = {
  /** With the first request: before anything was answered. */
  first: (requests: number) => requests === 1,
  /** With a later one, others being under way. */
  middle: (requests: number, inFlight: number) => requests === Math.ceil(inFlight / 2) + inFlight,
  /** When all of a round were answered. */
  idle: (requests: number, inFlight: number) => requests === inFlight,
} as const;

const kinds = [true, false].flatMap((retry) => [1, 64].map((inFlight) => ({ retry, inFlight })));

describe("a violation on the connection", () => {
  let client: Child;
  beforeAll(async () => {
    [client] = await Child.start(new URL("./violations-program.js", import.meta.url));
  });
  afterAll(() => client.end());

  for (const [name, violate] of Object.entries(violations)) {
    for (const moment of ["first", "middle", "idle"] as const) {
      test(`HTTP/2 is broken by ${name}, ${moment}, and the next call works`, async () => {
        const cases = await Promise.all(kinds.map((kind) => startCase(kind, violate, moments[moment])));
        try {
          const all = await client.ask<Rounds[]>(
            cases.map(({ question }) => question),
            15_000,
          );
          for (const [index, { question, guilty }] of cases.entries()) {
            const rounds = all[index] as Rounds;
            const failed = rounds.flat().filter((outcome) => outcome !== "ok");
            // What it means is for others to say: no call may fail on a server that works again but with this.
            for (const outcome of failed) expect(outcome).toMatch(/^Unavailable (connection-lost|not-h2|bad-http)$/);
            if (question.retry) expect(failed).toEqual([]);
            expect(rounds.at(-1)).toEqual(Array(question.inFlight).fill("ok"));
            await until(() => guilty()?.socket.closed === true, "the connection is still open");
          }
        } finally {
          for (const { server } of cases) await server.close();
        }
      });
    }
  }
});

/** A server that breaks the rules once, at a moment, and a client's question for it. */
async function startCase(
  { retry, inFlight }: (typeof kinds)[number],
  violate: Violate,
  strikesAt: (requests: number, inFlight: number) => boolean,
) {
  let requests = 0;
  let guilty: RawH2Connection | undefined;
  const server = await startRawH2({
    onRequest(one) {
      requests += 1;
      const strikes = guilty === undefined && strikesAt(requests, inFlight);
      if (strikes && strikesAt === moments.idle) one.ok();
      if (strikes) {
        guilty = one.connection;
        violate(guilty);
      } else if (one.connection !== guilty) one.ok();
    },
  });
  const question: Question = { baseUrl: server.url, retry, inFlight, rounds: 4 };
  return { server, question, guilty: () => guilty };
}
