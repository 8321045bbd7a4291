import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A Node process of its own, which answers each message with one. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(module: URL, args: readonly string[]) {
    this.#process = fork(fileURLToPath(module), args, { execArgv: ["--expose-gc", "--no-warnings"] });
  }

  /** Starts it and waits for its first message. */
  static async start<T>(module: URL, ...args: readonly string[]): Promise<[Child, T]> {
    const child = new Child(module, args);
    return [child, (await child.#answer()) as T];
  }

  /** Asks and waits for the answer. Without one within `withinMs` the process is killed, whatever it is busy with. */
  async ask<T>(question: object, withinMs?: number): Promise<T> {
    const answer = this.#answer();
    this.#process.send(question);
    const watchdog = withinMs === undefined ? undefined : setTimeout(() => this.#process.kill("SIGKILL"), withinMs);
    try {
      return (await answer) as T;
    } finally {
      clearTimeout(watchdog);
    }
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.disconnect();
    await once(this.#process, "exit");
  }

  async #answer(): Promise<unknown> {
    const done = new AbortController();
    const ended = once(this.#process, "exit", done).then(([code, signal]) => {
      throw new Error(`${this.#process.spawnargs.slice(2).join(" ")} ended with ${code ?? signal}`);
    });
    try {
      const [message] = await Promise.race([once(this.#process, "message", done), ended]);
      return message;
    } finally {
      ended.catch(() => {});
      done.abort();
    }
  }
}
