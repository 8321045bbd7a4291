// Timers are a few milliseconds late at any time.
const punctualMs = 20;

/**
 * A timeout for what a server is to do. Time in which this process was busy with itself, and so could not have heard of
 * it, is given to the server once more: a timer that is late goes off before what came in meanwhile is read.
 */
export class Patience {
  #timer: NodeJS.Timeout;

  constructor(ms: number, over: () => void) {
    const wait = (timeoutMs: number): NodeJS.Timeout => {
      const dueAt = performance.now() + timeoutMs;
      return setTimeout(() => {
        const lateMs = performance.now() - dueAt;
        if (lateMs < punctualMs) return over();
        const next = wait(lateMs);
        this.#timer = this.#timer.hasRef() ? next : next.unref();
      }, timeoutMs);
    };
    this.#timer = wait(ms);
  }

  /** Whether the process stays alive for it. */
  keepAlive(isNeeded: boolean): void {
    isNeeded ? this.#timer.ref() : this.#timer.unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
