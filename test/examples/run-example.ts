import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LocalZitadel } from "../../src/testing.js";

/** The root of the repository, from build/test/examples, where this file runs. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly output: string;
}

/** A program that runs as its reader would run it: in a process of its own, on the built package. */
export class Running {
  readonly #child: ChildProcess;
  #output = "";

  constructor(args: readonly string[], variables: Record<string, string>) {
    // Without what Jest sets for itself.
    const { FORCE_COLOR: _color, NODE_OPTIONS: _options, JEST_WORKER_ID: _id, ...env } = process.env;
    const child = spawn(process.execPath, args, { cwd: root, env: { ...env, NO_COLOR: "1", ...variables } });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    this.#child = child;
  }

  /** Waits for a line that it prints, and gives what the pattern catches in it. */
  async prints(pattern: RegExp): Promise<string> {
    for (;;) {
      const [, caught] = pattern.exec(this.#output) ?? [];
      if (caught !== undefined) return caught;
      if (this.#child.exitCode !== null) throw new Error(`ended with ${this.#child.exitCode}: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill();
    await once(this.#child, "close");
  }

  /** Waits until it ends by itself. */
  async ends(): Promise<Outcome> {
    const [status] = await once(this.#child, "close");
    return { status, output: this.#output };
  }
}

/** What an example reads to find its ZITADEL. */
export const loginOf = ({ url, users: [user] }: LocalZitadel) => ({ ZITADEL_URL: url, ZITADEL_TOKEN: user.token });

/** Starts examples/<name>.ts, compiled. */
export function startExample(name: string, variables: Record<string, string>, ...args: string[]): Running {
  return new Running([`build/examples/${name}.js`, ...args], variables);
}
