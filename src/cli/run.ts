// Only what reads the command line is loaded at once: a command's own modules are loaded when it is asked
// for, and the library when it runs, so that --help and mistakes are answered about as fast as Node starts.
import { CommandError, exitCodes, usageError } from "./command-error.js";
import { commands } from "./commands.js";
import { helpOf, overview } from "./help/format-help.js";
import { refuseSecrets } from "./input/refuse-secrets.js";
import { printError } from "./terminal/messages.js";

async function run([name = "--help", ...args]: string[], signal: AbortSignal): Promise<number> {
  refuseSecrets([name, ...args]);
  const columns = Math.min(80, process.stdout.columns || 80);
  if (name === "--version" || name === "-V") return print(`${await readVersion()}\n`);
  if (name === "--help" || name === "-h" || name === "help") {
    const [asked] = args;
    const known = asked !== undefined && Object.hasOwn(commands, asked) ? commands[asked] : undefined;
    return print(known && asked ? helpOf(asked, await known.load(), columns) : overview(columns));
  }
  const known = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!known) {
    const { didYouMean } = await import("./input/parse-options.js");
    const names = Object.keys(commands);
    const mistake = name.startsWith("-")
      ? "the command comes before its options"
      : `there is no command "${name}"${didYouMean(name, names)}`;
    throw usageError(`${mistake}: use one of ${names.join(", ")}`);
  }
  const command = await known.load();
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  if (options.includes("--help") || options.includes("-h")) return print(helpOf(name, command, columns));
  const { parseOptions } = await import("./input/parse-options.js");
  return command.run(parseOptions(name, command, args), signal);
}

function print(text: string): number {
  process.stdout.write(text);
  return exitCodes.ok;
}

/** The package's version. */
async function readVersion(): Promise<string> {
  const { readFileSync } = await import("node:fs");
  // From dist, where the built command is.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

const interruption = new AbortController();
// Only the first: whoever presses Ctrl+C twice does not want to wait.
process.once("SIGINT", () => interruption.abort());
// Whoever reads the output may have had enough, as in `list | head -1`: what is done to tokens must not depend on that.
// Output that cannot be written for another reason (a full disk) is a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = exitCodes.failed;
    if (stream === process.stdout) process.stderr.write(`error: the output cannot be written (${error.code})\n`);
  });
}
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
// Once its outcome is out nothing keeps it: a look-up of the system's resolver would, which nobody can give up.
process.stdout.write("", () => setTimeout(() => process.exit(), 50).unref());
