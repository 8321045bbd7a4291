import { spawnSync } from "node:child_process";

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end, without the settings that the tests run under. */
export function run(command: string, args: readonly string[], cwd: string): Outcome {
  // What Jest and npm set for themselves.
  const { NODE_OPTIONS: _options, FORCE_COLOR: _color, ...inherited } = process.env;
  const kept = Object.entries(inherited).filter(([name]) => !/^npm_/i.test(name));
  const env = { ...Object.fromEntries(kept), NO_COLOR: "1" };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: "utf8" });
  if (error) throw error;
  return { status, stdout, stderr };
}
