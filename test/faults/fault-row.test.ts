import { setTimeout as pause } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "@jest/globals";
import { canaryToken, collectStray, expectOutcome, placesOf, turns } from "./fault-row.js";

// The matrix is worth what its common checks notice.

describe("the token is found wherever an error holds it", () => {
  const hidden: Record<string, (error: ConnectError) => unknown> = {
    message: (error) => Object.assign(error, { message: `a ${canaryToken} b` }),
    "raw message": (error) => Object.assign(error, { rawMessage: canaryToken }),
    metadata: (error) => error.metadata.set("x-echo", canaryToken),
    cause: (error) => Object.assign(error, { cause: new Error("why", { cause: new Error(canaryToken) }) }),
    "hidden field": (error) => Object.defineProperty(error, "request", { value: { headers: { a: canaryToken } } }),
    symbol: (error) => Object.assign(error, { [Symbol("request")]: [canaryToken] }),
    map: (error) => Object.assign(error, { sent: new Map([["authorization", `Bearer ${canaryToken}`]]) }),
    bytes: (error) => Object.assign(error, { body: Buffer.from(`--${canaryToken}--`) }),
    getter: (error) => Object.defineProperty(error, "late", { get: () => canaryToken }),
    function: (error) => Object.assign(error, { retry: Object.assign(() => {}, { token: canaryToken }) }),
  };
  for (const [where, hide] of Object.entries(hidden)) {
    test(where, () => {
      const error = new ConnectError("failed", Code.Unavailable);
      expect(placesOf(canaryToken, error)).toEqual([]);
      hide(error);
      expect(placesOf(canaryToken, error)).not.toEqual([]);
    });
  }
});

test("a call that hangs, and what it leaves behind, is noticed", async () => {
  const ok = { code: "ok", withinMs: 20 } as const;
  await expect(expectOutcome(() => new Promise(() => {}), ok)).rejects.toThrow("did not settle");
  const listening = async ({ signal }: { signal: AbortSignal }) => signal.addEventListener("abort", () => {});
  await expect(expectOutcome(listening, ok)).rejects.toMatchObject({
    matcherResult: { actual: [expect.any(Function)] },
  });
  const timers: NodeJS.Timeout[] = [];
  const timing = async () => timers.push(setTimeout(() => {}, 60_000));
  await expect(expectOutcome(timing, ok)).rejects.toThrow("timer is still running");
  clearTimeout(timers[0]);
  await expectOutcome(() => pause(1), ok);
});

test("warnings of the process are noticed", async () => {
  const stray = collectStray();
  process.emitWarning("something is off");
  await turns(2);
  stray.stop();
  expect(stray.seen).toEqual([expect.stringContaining("something is off")]);
});
