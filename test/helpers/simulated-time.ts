import { afterEach, beforeEach, jest } from "@jest/globals";

// A request, and its answer, take fewer: through sockets of this machine, a relay in between.
const turnsPerMs = 12;

/**
 * In each test of the file a millisecond passes whenever the process has got to what came in, however long that took: on
 * a busy machine nothing is late, and nobody waits in vain on one that is not.
 */
export function simulateTime(): void {
  let run: object | undefined;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "clearImmediate", "nextTick", "queueMicrotask"] });
    const own = {};
    run = own;
    let turns = 0;
    const turn = () => {
      if (run !== own) return;
      turns += 1;
      if (turns % turnsPerMs === 0) jest.advanceTimersByTime(1);
      setImmediate(turn);
    };
    turn();
  });

  afterEach(() => {
    run = undefined;
    jest.useRealTimers();
  });
}

/** As `setTimeout` of `node:timers/promises`, which does not take part in it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
