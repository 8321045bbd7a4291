import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { root } from "../bench/pages.js";
import type { Mutant, Place } from "./mutants.js";

export interface Outcome {
  readonly passed: boolean;
  /** Which test failed first, or that the time was up. */
  readonly because: string;
}

/** A copy of what is built, to break and to test beside others. */
export class Lane {
  readonly #folder = mkdtempSync(join(tmpdir(), "mutants-"));

  constructor() {
    for (const name of readdirSync(root).filter((each) => each !== "build" && each !== ".git")) {
      symlinkSync(join(root, name), join(this.#folder, name));
    }
    cpSync(join(root, "build"), join(this.#folder, "build"), { recursive: true });
    mkdirSync(join(this.#folder, "cache"));
  }

  /** Runs the tests of a place, those that are nearest to it first, to the first that fails. */
  async test({ tests }: Place, timeoutMs: number): Promise<Outcome> {
    for (const name of tests) {
      const outcome = await this.#run(name, timeoutMs);
      if (!outcome.passed) return outcome;
    }
    return { passed: true, because: "" };
  }

  /** Runs `work` while the built file is that of the source with the change. */
  async withMutant<T>(path: string, [from, to]: Mutant, work: () => Promise<T>): Promise<T> {
    const built = join(this.#folder, "build", path.replace(/\.ts$/, ".js"));
    const before = readFileSync(built, "utf8");
    const source = readFileSync(join(root, path), "utf8").replace(from, () => to);
    writeFileSync(built, transformSync(source, { loader: "ts", format: "esm", target: "es2022" }).code);
    try {
      return await work();
    } finally {
      writeFileSync(built, before);
    }
  }

  end(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #run(name: string, timeoutMs: number): Promise<Outcome> {
    const args = ["--experimental-vm-modules", "--no-warnings", join(root, "node_modules/jest/bin/jest.js")];
    args.push(`build/test/${name}[./]`, "--silent", "--testTimeout=15000", "--rootDir", this.#folder);
    args.push("--cacheDirectory", join(this.#folder, "cache"));
    args.push("--reporters", join(root, "test/mutants/end-at-failure.cjs"));
    const child = spawn(process.execPath, args, {
      cwd: this.#folder,
      env: { ...process.env, CI: "true" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
    });
    return new Promise((resolve) => {
      child.once("close", (code) =>
        resolve({ passed: code === 0, because: printed.trim() || `no end in ${timeoutMs} ms` }),
      );
    });
  }
}
