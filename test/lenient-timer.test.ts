import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { LenientTimer } from "../src/lenient-timer.js";
import { createAuthClient } from "../src/node.js";
import { startRawH2 } from "./helpers/raw-h2.js";

/** Keeps the process from listening. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test("a process that was busy while it connected does not blame the server", async () => {
  await using server = await startRawH2();
  const http2 = { connectTimeoutMs: 100 };
  await using auth = createAuthClient({ baseUrl: server.url, token: "token-of-nobody", http2, retry: false });
  const call = auth.listMyRefreshTokens({});
  await turn();
  work(400);
  expect((await call).result).toEqual([]);
  expect(server.connections).toHaveLength(1);
});

test("nor while it waited for a PING", async () => {
  await using server = await startRawH2();
  const http2 = { pingIntervalMs: 1, pingTimeoutMs: 100 };
  await using auth = createAuthClient({ baseUrl: server.url, token: "token-of-nobody", http2, retry: false });
  await auth.listMyRefreshTokens({});
  await new Promise((resolve) => setTimeout(resolve, 20));
  const call = auth.listMyRefreshTokens({});
  await turn();
  work(400);
  expect((await call).result).toEqual([]);
  expect(server.connections).toHaveLength(1);
});

test("one that ends while it gives back the time that was lost does not go off", async () => {
  let isOver = false;
  const timer = new LenientTimer(50, () => {
    isOver = true;
  });
  work(200);
  await pause(1);
  timer.end();
  await pause(100);
  expect(isOver).toBe(false);
});

test("one that the process need not stay alive for keeps it no longer when it was late", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  const timer = new LenientTimer(50, () => {}).unref();
  work(200);
  await pause(1);
  expect(timers()).toBe(before);
  timer.end();
});

describe("a lenient timer goes off", () => {
  async function isOverAfter(ms: number, busy: () => Promise<unknown>): Promise<boolean> {
    let isOver = false;
    const timer = new LenientTimer(ms, () => {
      isOver = true;
    });
    await busy();
    timer.end();
    return isOver;
  }

  test("in a process that is busy all the time", async () => {
    const busy = async () => {
      for (let turns = 0; turns < 15; turns++) {
        work(60);
        await turn();
      }
    };
    expect(await isOverAfter(90, busy)).toBe(true);
  });

  test("in one that was frozen, without waiting for as long once more", async () => {
    const busy = () => {
      work(600);
      return pause(300);
    };
    expect(await isOverAfter(50, busy)).toBe(true);
  });
});
