import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The built command. From build/test/cli, where this file runs. */
export const cli = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

/** What a run came to. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Variables of the environment; none that the command knows is inherited. */
  readonly env?: Record<string, string>;
  /** What standard input holds. Default: nothing. */
  readonly input?: string;
  /** Called when the process has started; standard input stays open then. */
  readonly started?: (child: ChildProcessWithoutNullStreams) => Promise<void> | void;
}

/** Runs the built command as a process, to its end. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const env = { ...ownEnvironment(), ...options.env };
  return await outcomeOf(spawn(process.execPath, [cli, ...args], { env }), options);
}

async function outcomeOf(child: ChildProcessWithoutNullStreams, { input, started }: RunOptions): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // The command may end without reading it.
  child.stdin.on("error", () => {});
  if (started) child.stdin.write(input ?? "");
  else child.stdin.end(input);
  const closed = once(child, "close");
  try {
    await started?.(child);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  const [status] = (await closed) as [number | null];
  return { status, stdout, stderr };
}

/** Why there is no terminal to run the command on; `undefined` if there is one. */
export const noTerminal = findScript() ? undefined : "needs the command `script` of util-linux";

/**
 * Runs the built command on a terminal of so many columns, to its end. Standard output and standard error come together
 * in `stdout`, as they do on any terminal. `input` is typed.
 */
export async function runOnTerminal(
  args: readonly string[],
  { columns = 100, ...options }: RunOptions & { readonly columns?: number } = {},
): Promise<Outcome> {
  const words = [process.execPath, cli, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const env = { ...ownEnvironment(), TERM: "xterm-256color", ...options.env };
  // `script` makes the terminal, and exits as the command does.
  const line = `stty cols ${columns} -onlcr -echo; exec ${words}`;
  return await outcomeOf(spawn("script", ["-qec", line, "/dev/null"], { env }), options);
}

function ownEnvironment(): NodeJS.ProcessEnv {
  const known = /^(ZITADEL_|NO_COLOR$|FORCE_COLOR$|CLICOLOR|https?_proxy$|no_proxy$|all_proxy$|TERM$|COLUMNS$|NODE_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !known.test(name)));
}

function findScript(): boolean {
  const { stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return stdout?.includes("util-linux") ?? false;
}
