#!/usr/bin/env node
// The command. Only what reads the command line is loaded at once: a command's own modules, and with them the library,
// are loaded when it runs, so that --help and mistakes are answered about as fast as Node starts.
import { CommandError, exitCodes } from "./command-error.js";
import { helpFor } from "./help.js";
import { refuseSecrets } from "./input/refuse-secrets.js";
import { printError } from "./terminal/messages.js";
import { tolerateClosedOutput } from "./terminal/tolerate-closed-output.js";

/** Runs a command with the arguments after its name, and returns its exit code; `signal` is the user's Ctrl+C. */
type Command = (args: string[], signal: AbortSignal) => Promise<number>;

const commands: Record<string, () => Promise<Command>> = {
  list: async () => (await import("./commands/list.js")).list,
  revoke: async () => (await import("./commands/revoke.js")).revoke,
  "revoke-all": async () => (await import("./commands/revoke-all.js")).revokeAll,
  doctor: async () => (await import("./commands/doctor.js")).doctor,
  serve: async () => (await import("./commands/serve.js")).serve,
};

async function run([name = "--help", ...args]: string[], signal: AbortSignal): Promise<number> {
  refuseSecrets([name, ...args]);
  if (name === "--version" || name === "-V") {
    const { readVersion } = await import("./read-version.js");
    process.stdout.write(`${readVersion()}\n`);
    return exitCodes.ok;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(helpFor(args[0]));
    return exitCodes.ok;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    const mistake = name.startsWith("-") ? `the command comes before its options` : `there is no command "${name}"`;
    throw new CommandError(`${mistake}: use one of ${Object.keys(commands).join(", ")}`, exitCodes.usage);
  }
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) {
    process.stdout.write(helpFor(name));
    return exitCodes.ok;
  }
  const command = await load();
  return command(args, signal);
}

const interruption = new AbortController();
// Only the first: whoever presses Ctrl+C twice does not want to wait.
process.once("SIGINT", () => interruption.abort());
tolerateClosedOutput();
try {
  const exitCode = await run(process.argv.slice(2), interruption.signal);
  process.exitCode ??= exitCode;
} catch (error) {
  if (interruption.signal.aborted) {
    process.exitCode = exitCodes.interrupted;
  } else {
    printError(error);
    process.exitCode = error instanceof CommandError ? error.exitCode : exitCodes.failed;
  }
}
