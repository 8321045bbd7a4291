import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Child } from "../helpers/child.js";
import { type RawH2Connection, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import { until } from "./fault-row.js";
import { violations } from "./violations.js";
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

describe("a violation on the connection", () => {
  let client: Child;
  beforeAll(async () => {
    [client] = await Child.start(new URL("./violations-program.js", import.meta.url));
  });
  afterAll(() => client.end());

  for (const [name, violate] of Object.entries(violations)) {
    for (const moment of ["first", "middle", "idle"] as const) {
      test(`HTTP/2 is broken by ${name}, ${moment}, and the next call works`, async () => {
        for (const retry of [true, false]) {
          for (const inFlight of [1, 64]) {
            let requests = 0;
            let guilty: RawH2Connection | undefined;
            const onRequest = (one: RawH2Stream) => {
              requests += 1;
              const strikes = guilty === undefined && moments[moment](requests, inFlight);
              if (strikes && moment === "idle") one.ok();
              if (strikes) {
                guilty = one.connection;
                violate(guilty);
              } else if (one.connection !== guilty) one.ok();
            };
            await using server = await startRawH2({ onRequest });
            const question: Question = { baseUrl: server.url, retry, inFlight, rounds: 4 };
            const rounds = await client.ask<Rounds>(question, 15_000);
            expect(guilty).toBeDefined();
            const failed = rounds.flat().filter((outcome) => outcome !== "ok");
            // What it means is for others to say: no call may fail on a server that works again but with this.
            for (const outcome of failed) expect(outcome).toMatch(/^Unavailable (connection-lost|not-h2|bad-http)$/);
            if (retry) expect(failed).toEqual([]);
            expect(rounds.at(-1)).toEqual(Array(inFlight).fill("ok"));
            await until(() => guilty?.socket.closed === true, "the connection is still open");
          }
        }
      });
    }
  }
});
