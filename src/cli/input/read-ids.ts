import { usageError } from "../command-error.js";
import { readTextFile } from "./read-text-file.js";

// Some 50,000 ids, where ZITADEL lists 1000.
const maxBytes = 1024 * 1024;

/** The ids that a command's arguments name; `-` stands for those on standard input, one a line. */
export async function readIds(
  args: readonly string[],
  tokenFile: string | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const inputs = args.filter((arg) => arg === "-").length + (tokenFile === "-" ? 1 : 0);
  if (inputs > 1) throw usageError("standard input can be read once: for the ids, or for the token");
  const ids: string[] = [];
  for (const arg of args) {
    if (arg === "-") ids.push(...splitLines(await readTextFile("-", arg, maxBytes, signal)));
    else ids.push(arg);
  }
  checkIds(ids);
  return [...new Set(ids)];
}

/** Throws a usage error for an id that no token can have: ZITADEL's are 63-bit numbers (sonyflake), of 18 digits today. */
export function checkIds(ids: readonly string[]): void {
  const wrong = ids.find((id) => !/^\d{1,19}$/.test(id));
  if (wrong === undefined) return;
  const remedy = wrong.startsWith("rt_")
    ? "ids with rt_ are of OIDC sessions, which this API cannot revoke"
    : "it is a number of 18 digits, as list shows it";
  throw usageError(`"${wrong.slice(0, 40)}" is no id of a refresh token: ${remedy}`);
}

function splitLines(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const ids = lines.filter((line) => line !== "");
  if (ids.some((id) => /\s/.test(id)))
    throw usageError("standard input must hold one id a line, as list -o ids prints");
  return ids;
}
