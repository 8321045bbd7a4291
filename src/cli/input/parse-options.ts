import { parseArgs } from "node:util";
import type { Command, Given, Options } from "../command.js";
import { usageError } from "../command-error.js";

/** Reads a command's options and the arguments that are none. Throws a usage error that names the mistake. */
export function parseOptions(name: string, command: Command, args: string[]): Given<Options> {
  const { options } = command;
  const given = parse(args, options);
  for (const [option, value] of Object.entries(given.values)) {
    const choices = options[option]?.choices;
    const wrong = [value].flat().find((each) => choices && !choices.includes(String(each)));
    if (wrong !== undefined) throw usageError(`--${option} must be one of ${choices?.join(", ")}, got "${wrong}"`);
  }
  if (given.positionals.length > 0 && !command.arguments) {
    throw usageError(`${name} takes options only, got ${given.positionals.map((each) => `"${each}"`).join(" ")}`);
  }
  return given as Given<Options>;
}

function parse(args: string[], options: Options) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("ERR_PARSE_ARGS_")) throw error;
    const [option] = /--[\w-]+/.exec(message) ?? /-\w/.exec(message) ?? ["an option"];
    const known = [...Object.keys(options), "help"].map((name) => `--${name}`);
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
      const values = Object.entries(options).flatMap(([name, { choices = [] }]) =>
        choices.map((choice) => `--${name} ${choice}`),
      );
      throw usageError(
        `unknown option ${option}${didYouMean(option, [...known, ...values])}: the options are ${known.join(", ")}`,
      );
    }
    throw usageError(`${option} ${/ not take /.test(message) ? "takes no value" : "needs a value"}`);
  }
}

// What other commands call it.
const elsewhere: Readonly<Record<string, string>> = {
  ls: "list",
  tokens: "list",
  rm: "revoke",
  delete: "revoke",
  "--json": "--output json",
  "--format": "--output",
  "--quiet": "--output ids",
  "-q": "--output ids",
  "--keep": "--except",
  "--force": "--yes",
  "-f": "--yes",
};

/** ` (did you mean …?)` where one of the names is likely to be what was meant, else nothing. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const meant = names.find((name) => name === elsewhere[typed]) ?? names.find((name) => isNear(typed, name));
  return meant ? ` (did you mean ${meant}?)` : "";
}

/** Whether the words are the same without a letter of one of them, or of both: a slip of the keyboard. */
function isNear(a: string, b: string): boolean {
  const shortened = (word: string) => [word, ...Array.from(word, (_, at) => word.slice(0, at) + word.slice(at + 1))];
  return shortened(a).some((each) => shortened(b).includes(each));
}
