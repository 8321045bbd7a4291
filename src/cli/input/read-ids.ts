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
  return [...new Set(ids)];
}

function splitLines(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const ids = lines.filter((line) => line !== "");
  if (ids.some((id) => /\s/.test(id)))
    throw usageError("standard input must hold one id a line, as list -o ids prints");
  return ids;
}
