import { type ParseArgsConfig, parseArgs } from "node:util";
import { usageError } from "../command-error.js";

/** What every command that talks to a ZITADEL takes. */
export const commonOptions = {
  url: { type: "string", short: "u" },
  "token-file": { type: "string" },
  protocol: { type: "string" },
  timeout: { type: "string" },
  ca: { type: "string" },
  header: { type: "string", multiple: true },
  org: { type: "string" },
  "allow-insecure": { type: "boolean" },
  verbose: { type: "boolean", short: "v" },
} as const satisfies ParseArgsConfig["options"];

type Config<O extends ParseArgsConfig["options"]> = {
  options: O;
  strict: true;
  allowPositionals: true;
  args: string[];
};

/** Reads a command's options and the arguments that are none. Throws a usage error that names the option. */
export function parseOptions<const O extends NonNullable<ParseArgsConfig["options"]>>(args: string[], options: O) {
  try {
    const config: Config<O> = { args, options, strict: true, allowPositionals: true };
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("ERR_PARSE_ARGS_")) throw error;
    const [option] = /--[\w-]+/.exec(message) ?? /-\w/.exec(message) ?? ["an option"];
    const known = `the options are ${Object.keys(options)
      .map((name) => `--${name}`)
      .join(", ")}`;
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw usageError(`unknown option ${option}: ${known}`);
    const mistake = / not take /.test(message) ? "takes no value" : "needs a value";
    throw usageError(`${option} ${mistake}`);
  }
}

/** Reads an option that allows only some values. */
export function oneOf<const T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw usageError(`${option} must be one of ${allowed.join(", ")}, got "${value}"`);
  return found;
}

/** Throws if there are arguments that are no options. Their values stay unsaid: who knows what was pasted. */
export function noArguments(positionals: readonly string[]): void {
  if (positionals.length > 0) throw usageError("there are arguments that are no options: this command takes none");
}

/** Reads a duration such as `500ms`, `10s` or `2m`; a bare number is in seconds. In milliseconds. */
export function parseDuration(option: string, value: string, minMs: number): number {
  const [, digits, unit = "s"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(value) ?? [];
  const ms = Number(digits) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
  if (ms >= minMs && ms <= 3_600_000) return ms;
  throw usageError(`${option} must be ${minMs}ms to 60m, such as 500ms, 10s or 2m, got "${value}"`);
}
