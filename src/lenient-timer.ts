// Timers are a few milliseconds late at any time.
const punctualMs = 20;

/**
 * A timeout for what a server is to do. A timer that is late, since the process was busy or frozen, goes off before what
 * came in meanwhile is read. So the time that was lost is given to the server once more: no more than `maxExtraMs`, by
 * default as much as it had, and once only, since in a process that is always busy every timer is late.
 */
export class LenientTimer {
  #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number, over: () => void, maxExtraMs = ms) {
    const dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - dueAt;
      if (lateMs < punctualMs) return over();
      const next = setTimeout(over, Math.min(lateMs, maxExtraMs));
      if (this.#timer.hasRef?.() === false) next.unref();
      this.#timer = next;
    }, ms);
  }

  /** In Node: the process need not stay alive for it. */
  unref(): this {
    this.#timer.unref();
    return this;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
