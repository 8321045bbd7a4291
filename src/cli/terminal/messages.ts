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

// Shorter work is over before anybody wonders.
const delayMs = 500;

/**
 * Shows on a terminal that something is still going on, once it takes a while. Returns what takes it away again.
 */
export function showProgress(task: string): () => void {
  const { stderr } = process;
  if (!stderr.isTTY || process.env.TERM === "dumb") return () => {};
  const startedAt = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    const seconds = Math.floor((performance.now() - startedAt) / 1_000);
    stderr.write(`\r${task} …${seconds > 0 ? ` ${seconds} s` : ""}`);
    shown = true;
  }, delayMs);
  return () => {
    clearInterval(timer);
    // Erases the line.
    if (shown) stderr.write("\r\u001b[K");
  };
}
