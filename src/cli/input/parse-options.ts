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

/** Whether one letter has to be put in, left out, changed or swapped with the next. */
function isNear(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const [left, right] = [a.slice(start, endA), b.slice(start, endB)];
  return (left.length < 2 && right.length < 2) || (left.length === 2 && left === [...right].reverse().join(""));
}
