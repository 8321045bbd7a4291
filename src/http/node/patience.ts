// Timers are a few milliseconds late at any time.
const punctualMs = 20;

/**
 * A timeout for what a server is to do. Time in which this process was busy with itself, and so could not have heard of
 * it, is given to the server once more: a timer that is late goes off before what came in meanwhile is read. Once only,
 * since in a process that is always busy every timer is late, and no more than it had.
 */
export class Patience {
  #timer: NodeJS.Timeout;

  constructor(ms: number, over: () => void) {
    const dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - dueAt;
      if (lateMs < punctualMs) return over();
      const next = setTimeout(over, Math.min(lateMs, ms));
      this.#timer = this.#timer.hasRef() ? next : next.unref();
    }, ms);
  }

  /** Whether the process stays alive for it. */
  keepAlive(isNeeded: boolean): void {
    isNeeded ? this.#timer.ref() : this.#timer.unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
