import { getEventListeners } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect } from "@jest/globals";
import { type ErrorInfo, getErrorInfo } from "../../src/errors.js";
import { canaryBody, canaryToken, placesOf } from "./canary.js";

export { canaryBody, canaryToken, placesOf };

export interface Expected {
  /** The error's code; "ok" if the call succeeds. */
  readonly code: Code | "ok";
  readonly reason?: string;
  readonly attempts?: number;
  readonly httpStatus?: number | undefined;
  /** Whether the code is the server's own word; default false. */
  readonly fromServer?: boolean;
  readonly message?: RegExp;
  /** When a call counts as hanging; default 5 seconds. No measure of speed. */
  readonly withinMs?: number;
}

export interface Outcome {
  readonly value?: unknown;
  readonly error?: ConnectError;
  readonly info?: ErrorInfo;
}

/**
 * Makes one call and asserts its outcome, and what holds for every call whatever the fault: it settles in time,
 * fails with a ConnectError whose code a client may generate and whose message is one short line without the
 * token or a piece of the answer, and leaves no listener, no timer and no stray exception behind.
 */
export async function expectOutcome(
  call: (options: { signal: AbortSignal }) => Promise<unknown>,
  expected: Expected,
): Promise<Outcome> {
  const { signal } = new AbortController();
  const timersBefore = runningTimers();
  const stray = collectStray();
  try {
    const settled = await settle(call({ signal }), expected.withinMs ?? 5000);
    await turns(4);
    expect(stray.seen).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await until(() => runningTimers() <= timersBefore, "a timer is still running after the call");
    if ("value" in settled) {
      expect("ok").toBe(nameOf(expected.code));
      return settled;
    }
    return await expectError(settled.error, expected);
  } finally {
    stray.stop();
  }
}

/** The same for an error that is at hand already. */
export async function expectError(thrown: unknown, expected: Expected): Promise<Outcome> {
  if (!(thrown instanceof ConnectError)) throw thrown;
  const error = thrown;
  const info = getErrorInfo(error);
  const { code, fromServer = false, message, withinMs: _, ...rest } = expected;
  const seen = { code: nameOf(error.code), fromServer: info.fromServer, message: error.message };
  expect({ ...seen, ...pick(info, Object.keys(rest)) }).toEqual({
    ...rest,
    code: nameOf(code),
    fromServer,
    message: message ? expect.stringMatching(message) : error.message,
  });
  expect(error.code).toBeGreaterThanOrEqual(1);
  expect(error.code).toBeLessThanOrEqual(16);
  if (!info.fromServer) expect(neverGenerated).not.toContain(error.code);
  expect(error.message).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
  expect(error.message.length).toBeLessThanOrEqual(300);
  expect(error.message).not.toContain(canaryBody);
  expect(error.message).not.toMatch(/:error:[0-9A-F]{8}:/); // OpenSSL's own text, which starts with an address
  expect(placesOf(canaryToken, error)).toEqual([]);
  return { error, info };
}

/** Codes that only a server may send (gRPC's statuscodes.md, gRFC A54). */
const neverGenerated = [
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.OutOfRange,
  Code.DataLoss,
];

/** Waits for a condition that must come about by itself. */
export async function until(condition: () => boolean, otherwise: string, withinMs = 2000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets the event loop turn: what a call leaves behind shows up then. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export interface Stray {
  readonly seen: string[];
  stop(): void;
}

/** Collects what nobody handles: exceptions, rejections and warnings of the process. */
export function collectStray(): Stray {
  const seen: string[] = [];
  const listeners = ["uncaughtException", "unhandledRejection", "warning"].map((event) => {
    const listener = (reason: unknown) => seen.push(`${event}: ${inspect(reason)}`);
    mainProcess.on(event, listener);
    return () => mainProcess.off(event, listener);
  });
  return {
    seen,
    stop() {
      for (const remove of listeners) remove();
    },
  };
}

// Jest gives tests a copy of `process` that never hears of these events. A function of Node's core belongs to the
// realm of the real one.
const mainProcess: NodeJS.EventEmitter = createServer.constructor("return process")();

async function settle(promise: Promise<unknown>, withinMs: number): Promise<{ value: unknown } | { error: unknown }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the call did not settle within ${withinMs} ms`)), withinMs);
  });
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

function runningTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

function nameOf(code: Code | "ok"): string {
  return code === "ok" ? "ok" : (Code[code] ?? String(code));
}

function pick(info: ErrorInfo, names: string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, info[name as keyof ErrorInfo]]));
}
