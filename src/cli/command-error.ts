/** What the command exits with; the help tells users. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, notAllowed: 4, interrupted: 130 } as const;

/** Ends the command with a message for its user: what is wrong, and what to do about it. */
export class CommandError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
    /** What else helps, on a line of its own. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** The error of a command that was called wrongly. */
export function usageError(message: string): CommandError {
  return new CommandError(message, exitCodes.usage);
}
