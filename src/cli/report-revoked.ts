import { Code, getErrorInfo, type RevokeResult } from "../node.js";
import { CommandError, exitCodes } from "./command-error.js";
import { explainError } from "./explain-error.js";
import { toSafeJson } from "./terminal/escape.js";
import { printError, printIds } from "./terminal/messages.js";

export type RevokeFormat = "text" | "json";

/** Prints what became of each token, and returns the exit code. `signal` tells whether the user interrupted it. */
export function reportRevoked(result: RevokeResult, format: RevokeFormat, signal: AbortSignal): number {
  const { revoked, alreadyGone, failed } = result;
  if (format === "json") {
    process.stdout.write(`${toSafeJson({ revoked, alreadyGone, failed: failed.map(plainFailure) })}\n`);
  } else {
    printIds("revoked", revoked);
    printIds("already gone", alreadyGone);
  }
  const errors = failed.map(({ id, error }) => ({ id, error: explainError(error) }));
  for (const { id, error } of errors) printError(new Error(`${id}: ${error.message}`));
  if (signal.aborted) return exitCodes.interrupted;
  const [first] = errors.map(({ error }) => error).filter((error) => error instanceof CommandError);
  return first?.exitCode ?? exitCodes.ok;
}

function plainFailure({ id, error }: RevokeResult["failed"][number]) {
  const info = getErrorInfo(error);
  return { id, code: Code[error.code], message: error.rawMessage, ...(info.id && { errorId: info.id }) };
}
