import { setTimeout as sleep } from "node:timers/promises";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { createAuthClient } from "../../src/node.js";
import { Child } from "../helpers/child.js";
import { createRandom } from "./random.js";
import type { ServerReport } from "./server.js";

export type SoakOptions = { calls: number; inFlight: number; seed: number };

export type SoakReport = {
  /** How many calls ended how: "OK", or the name of a code. */
  outcomes: Record<string, number>;
  /** What no call may do, in sentences. */
  violations: string[];
  /** How long after its deadline the latest call settled, in milliseconds; negative: all in time. */
  latestMs: number;
  /** Heap in use after each fifth of the calls and a collection, in bytes. */
  heap: number[];
  server: ServerReport;
  seconds: number;
};

// What the server's faults may become. DeadlineExceeded and Canceled are checked one by one.
const expected = new Set([Code.Unavailable, Code.Internal, Code.DeadlineExceeded, Code.Canceled]);

/** Makes calls without end to a server that spoils many of them, and looks at how each one settles. */
export async function soak({ calls, inFlight, seed }: SoakOptions): Promise<SoakReport> {
  const [server, baseUrl] = await Child.start<string>(new URL("./server.js", import.meta.url), String(seed));
  const random = createRandom(seed + 1);
  const report: Omit<SoakReport, "server" | "seconds"> = {
    outcomes: {},
    violations: [],
    latestMs: Number.NEGATIVE_INFINITY,
    heap: [],
  };
  const violate = (sentence: string) => {
    if (report.violations.length < 20) report.violations.push(sentence);
  };
  const onStray = (error: unknown) => violate(`stray ${error instanceof Error ? error.stack : error}`);
  process.on("uncaughtException", onStray).on("unhandledRejection", onStray).on("warning", onStray);

  const auth = createAuthClient({
    baseUrl,
    token: async () => "a-token",
    retry: { initialBackoffMs: 10 },
    http2: { pingIntervalMs: 200, pingTimeoutMs: 200 },
  });

  async function request(number: number, options: CallOptions): Promise<void> {
    if (number % 2 === 0) {
      const { result } = await auth.listMyRefreshTokens({}, options);
      if (result.length !== 1) violate(`a list has ${result.length} tokens`);
    } else {
      const { details } = await auth.revokeMyRefreshToken({ id: String(number) }, options);
      if (details?.sequence !== BigInt(number)) violate(`call ${number} got the answer of ${details?.sequence}`);
    }
  }

  async function call(number: number): Promise<void> {
    const timeoutMs = Math.round(200 + random() * 400);
    const cancelAfterMs = random() < 0.02 ? random() * 50 : undefined;
    const caller = new AbortController();
    const timer = cancelAfterMs === undefined ? undefined : setTimeout(() => caller.abort(), cancelAfterMs);
    const options = cancelAfterMs === undefined ? { timeoutMs } : { timeoutMs, signal: caller.signal };
    let guard: NodeJS.Timeout | undefined;
    const never = new Promise<never>((_, reject) => {
      guard = setTimeout(() => reject(new Error("the call did not settle")), timeoutMs + 5_000);
    });
    const started = performance.now();
    let outcome = "OK";
    try {
      await Promise.race([request(number, options), never]);
    } catch (error) {
      const took = performance.now() - started;
      if (!(error instanceof ConnectError)) violate(`threw ${error}`);
      else {
        outcome = Code[error.code] ?? String(error.code);
        if (!expected.has(error.code)) violate(`failed with ${error.message}`);
        if (error.code === Code.DeadlineExceeded && took < timeoutMs - 5) {
          violate(`was given up after ${took} of ${timeoutMs} ms`);
        }
        if (error.code === Code.Canceled && !caller.signal.aborted) violate(`was canceled by nobody: ${error.message}`);
      }
    } finally {
      clearTimeout(timer);
      clearTimeout(guard);
    }
    report.latestMs = Math.max(report.latestMs, performance.now() - started - timeoutMs);
    report.outcomes[outcome] = (report.outcomes[outcome] ?? 0) + 1;
  }

  const started = performance.now();
  let next = 0;
  for (let stage = 1; stage <= 5; stage++) {
    const until = Math.round((calls * stage) / 5);
    const worker = async () => {
      while (next < until) await call(next++);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    await sleep(200);
    gc?.();
    report.heap.push(process.memoryUsage().heapUsed);
  }
  const seconds = (performance.now() - started) / 1000;
  await auth.close();
  await sleep(100);
  const told = await server.ask<ServerReport>({});
  await server.end();
  process.off("uncaughtException", onStray).off("unhandledRejection", onStray).off("warning", onStray);
  return { ...report, server: told, seconds };
}
