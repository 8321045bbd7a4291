import { CommandError } from "../command-error.js";
import { escapeText, isColored, paint, type Style } from "./text.js";

/** Says something about what was done, on standard error: standard output is for data. */
export function printNote(text: string): void {
  print("note", "dim", text);
}

export function printWarning(text: string): void {
  print("warning", "yellow", text);
}

/** Prints what went wrong, and what to do about it. */
export function printError(error: unknown): void {
  print("error", "red", error instanceof Error ? error.message : String(error));
  if (error instanceof CommandError && error.hint) printHint(error.hint);
}

/** Says what to do about an error that was printed. */
export function printHint(text: string): void {
  print("hint", "dim", text);
}

function print(label: string, style: Style, text: string): void {
  const shown = isColored(process.stderr) ? paint(label, style) : label;
  process.stderr.write(`${shown}: ${escapeText(text)}\n`);
}

/** Prints a line for each id, on standard output. */
export function printIds(what: string, ids: readonly string[]): void {
  process.stdout.write(ids.map((id) => `${what} ${escapeText(id)}\n`).join(""));
}
