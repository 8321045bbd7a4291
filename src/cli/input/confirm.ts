import { createInterface } from "node:readline";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { escapeText } from "../terminal/text.js";

/**
 * Throws a usage error where there is nobody to ask, and the user did not say yes beforehand. Who has typed ids or a token
 * to their end has ended the input that an answer would come from.
 */
export function mustBeAbleToAsk(yes: boolean | undefined, readsInput: boolean): void {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw usageError("there is no terminal to ask on: pass --yes not to be asked, or --dry-run to look");
  }
  if (readsInput) throw usageError("- reads standard input to its end, so that none is left to ask on: pass --yes");
}

/** Asks for a yes. Throws if the answer is another. */
export async function confirm(question: string, signal: AbortSignal): Promise<void> {
  process.stderr.write(`${escapeText(question)} [y/N] `);
  const lines = createInterface({ input: process.stdin, terminal: false, signal });
  const { value: answer } = (await lines[Symbol.asyncIterator]().next()) as { value: string | undefined };
  lines.close();
  if (!/^y(es)?$/i.test(answer?.trim() ?? "")) {
    if (answer === undefined) process.stderr.write("\n");
    throw new CommandError("nothing was done", exitCodes.failed);
  }
}
