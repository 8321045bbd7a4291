import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// From build/test/runtimes, where this file runs.
export const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Ended {
  /** `undefined`: it had to be stopped. */
  readonly status: number | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; stops it when it takes too long. */
export async function run(
  [command = "", ...args]: readonly string[],
  options: { cwd: string; env?: Record<string, string>; timeoutMs: number },
): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", ...options.env };
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  let stopped = false;
  const timer = setTimeout(() => {
    stopped = true;
    child.kill("SIGKILL");
  }, options.timeoutMs);
  const [status] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { status: stopped ? undefined : status, ...texts };
}

/** A user's project in a temporary folder, in which the packed package is installed. */
export class Project {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Project> {
    const project = new Project(realpathSync(mkdtempSync(join(tmpdir(), "runtimes-"))));
    const { folder } = project;
    cpSync(join(root, "test/runtimes/project"), folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    const pack = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const packed = await run(pack, { cwd: root, timeoutMs: 60_000 });
    await project.install([`./${packed.stdout.trim()}`]);
    return project;
  }

  /** Installs packages from npm beside those that are there. */
  async install(packages: readonly string[]): Promise<void> {
    const args = ["npm", "install", "--no-audit", "--no-fund", "--legacy-peer-deps", ...packages];
    const { status, stderr } = await run(args, { cwd: this.folder, timeoutMs: 600_000 });
    if (status === 0) return;
    const [why = `exit code ${status}`] = stderr.split("\n").filter((line) => line.startsWith("npm error"));
    throw new Error(`npm install ${packages.join(" ")}: ${why.replace(/^npm error /, "")}`);
  }

  versionOf(name: string): string {
    const text = readFileSync(join(this.folder, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
