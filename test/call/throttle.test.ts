import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { Throttle } from "../../src/call/throttle.js";
import { getErrorInfo, type TransportOptions } from "../../src/node.js";
import { rowClient } from "../faults/answer-row.js";
import { errorAnswer, okAnswer } from "../faults/answers.js";
import { startAnswerServer } from "../helpers/answer-server.js";
import { simulateTime } from "../helpers/simulated-time.js";

describe("the throttle", () => {
  const answer = { fromServer: true, httpStatus: 503, repeat: "maybe-applied" } as const;

  /** How many retries it allows at most of so many failures. */
  function taken(throttle: Throttle, failures: number, ...[note, startedAt]: Parameters<Throttle["take"]>): number {
    return Array.from({ length: failures }, () => throttle.take(note, startedAt)).filter(Boolean).length;
  }

  test("allows 100 retries after answers, and those that successes give back", () => {
    const throttle = new Throttle();
    expect(taken(throttle, 150, answer, 0)).toBe(100);
    throttle.succeeded(true);
    expect(taken(throttle, 10, answer, 0)).toBe(1);
    for (let i = 0; i < 10; i++) throttle.succeeded(false);
    expect(taken(throttle, 10, answer, 0)).toBe(2);
  });

  test("never holds more than 100", () => {
    const throttle = new Throttle();
    for (let i = 0; i < 1000; i++) throttle.succeeded(true);
    expect(taken(throttle, 150, answer, 0)).toBe(100);
  });

  test("takes one for a loss that ended all that was under way, and one for the next", () => {
    const throttle = new Throttle();
    const lost = { reason: "connection-lost", repeat: "maybe-applied" } as const;
    const before = performance.now();
    expect(taken(throttle, 200, lost, before)).toBe(200);
    expect(taken(throttle, 200, answer, 0)).toBe(99);
    // Begun after the loss, so it was another one, which nothing is left for.
    expect(throttle.take(lost, performance.now() + 1)).toBe(false);
  });

  test("takes one for each connection that is known to have been lost", () => {
    const throttle = new Throttle();
    const [first, second] = [{}, {}];
    expect(taken(throttle, 200, { repeat: "maybe-applied", event: first }, Number.POSITIVE_INFINITY)).toBe(200);
    expect(taken(throttle, 200, { repeat: "refused", event: second }, 0)).toBe(200);
    expect(taken(throttle, 200, answer, 0)).toBe(98);
  });

  test("takes one for a port that refuses until something answers again", () => {
    const throttle = new Throttle();
    const refused = { repeat: "not-sent", reason: "connect-refused" } as const;
    for (let i = 0; i < 500; i++) expect(throttle.take(refused, performance.now())).toBe(true);
    expect(taken(throttle, 200, answer, 0)).toBe(99);
    throttle.succeeded(true);
    expect(throttle.take(refused, performance.now())).toBe(true);
    expect(throttle.take(answer, 0)).toBe(false);
  });

  test("takes another after an answer of any kind", () => {
    const throttle = new Throttle();
    const refused = { repeat: "not-sent", reason: "connect-refused" } as const;
    expect(throttle.take(refused, performance.now())).toBe(true);
    throttle.failed(answer);
    expect(throttle.take(refused, performance.now())).toBe(true);
    expect(taken(throttle, 200, answer, 0)).toBe(98);
  });

  test("takes one for each stream that a server refuses", () => {
    const refused = { reason: "rst-refused-stream", repeat: "refused" } as const;
    expect(taken(new Throttle(), 200, refused, 0)).toBe(100);
  });

  test("takes one for each request that a server wants to be spared", () => {
    const throttle = new Throttle();
    const events = Array.from({ length: 200 }, () => ({ repeat: "not-sent", event: {} }) as const);
    expect(events.filter((note) => throttle.take(note, 0))).toHaveLength(100);
  });
});

// Retries as they are by default, whose waits the row tests shorten.
const options = { retry: undefined, timeoutMs: 10_000 } satisfies Partial<TransportOptions>;

describe("what many calls share costs once", () => {
  simulateTime();

  for (const protocol of ["grpc", "grpcWeb", "rest"] as const) {
    test(`${protocol}: one cut under 200 calls, and all succeed`, async () => {
      let isCut = false;
      const held: (() => void)[] = [];
      await using server = await startAnswerServer(protocol, async () => {
        if (isCut) return okAnswer(protocol);
        await new Promise<void>((resolve) => held.push(resolve));
        return { hangUp: true };
      });
      await using auth = rowClient(server, protocol, options);
      const results = Promise.allSettled(Array.from({ length: 200 }, () => auth.listMyRefreshTokens({})));
      while (held.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
      isCut = true;
      for (const cut of held) cut();
      expect(failed(await results)).toEqual([]);
      // Nothing has turned retries off.
      expect((await auth.listMyRefreshTokens({})).result).toHaveLength(1);
    });

    test(`${protocol}: a server that is away for a second, and all of 200 calls succeed`, async () => {
      await using first = await startAnswerServer(protocol, () => okAnswer(protocol));
      await using auth = rowClient(first, protocol, options);
      await auth.listMyRefreshTokens({});
      const results = Promise.allSettled(Array.from({ length: 200 }, () => auth.listMyRefreshTokens({})));
      const port = Number(new URL(first.baseUrl).port);
      await first.close();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await using _second = await startAnswerServer(protocol, () => okAnswer(protocol), port);
      expect(failed(await results)).toEqual([]);
    });

    test(`${protocol}: a port that never answered is given up after four attempts`, async () => {
      await using gone = await startAnswerServer(protocol, () => okAnswer(protocol));
      await gone.close();
      await using auth = rowClient(gone, protocol);
      const error: unknown = await auth.listMyRefreshTokens({}).catch((thrown: unknown) => thrown);
      expect(getErrorInfo(error)).toMatchObject({ reason: "connect-refused", attempts: 4 });
    });

    test(`${protocol}: a server that answers only 503 gets at most 1.1 requests a call once the throttle is empty`, async () => {
      await using server = await startAnswerServer(protocol, () => errorAnswer(protocol, Code.Unavailable));
      await using auth = rowClient(server, protocol);
      const burst = (calls: number) =>
        Promise.allSettled(Array.from({ length: calls }, () => auth.listMyRefreshTokens({})));
      await burst(100);
      const before = server.requests.length;
      expect(before).toBeGreaterThanOrEqual(100);
      expect(before).toBeLessThanOrEqual(200);
      await burst(100);
      expect(server.requests.length - before).toBeGreaterThanOrEqual(100);
      expect(server.requests.length - before).toBeLessThanOrEqual(110);
    });
  }
});

function failed(results: PromiseSettledResult<unknown>[]): string[] {
  return results.flatMap((result) => (result.status === "rejected" ? [String(result.reason)] : []));
}
