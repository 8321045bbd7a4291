import { type AuthClient, Code, ConnectError, type EndResult, getErrorInfo, type RevokeResult } from "../node.js";
import type { FailedCall } from "./advice.js";
import { CommandError, exitCodes } from "./command-error.js";
import { explainError } from "./explain-error.js";
import { printError, printHint, printIds, printNote, printWarning } from "./terminal/messages.js";
import { toSafeJson } from "./terminal/text.js";

/** What became of each id, with what a `RevokeResult` alone does not say. */
export interface Revoked extends RevokeResult {
  /** Ids that an attempt before, whose answer was lost, may have revoked. */
  readonly maybeRevoked: readonly string[];
  /** Ids that were not among the user's tokens; only of ids that people name. */
  readonly notFound?: readonly string[];
}

type RevokeCalls = Pick<AuthClient, "revokeMyRefreshToken" | "revokeAllMyRefreshTokens">;

/** Revokes `ids` as `revoke` does, by calls that are watched for attempts whose answer was lost. */
export async function revokeIds(
  auth: AuthClient,
  ids: readonly string[],
  revoke: (calls: RevokeCalls) => Promise<RevokeResult>,
): Promise<Revoked> {
  const maybeRevoked: string[] = [];
  const note = (ids: readonly string[]) => (error: unknown) => {
    if (getErrorInfo(error).maybeApplied) maybeRevoked.push(...ids);
    throw error;
  };
  const result = await revoke({
    revokeMyRefreshToken: (request, options) =>
      auth.revokeMyRefreshToken(request, options).catch(note([request.id ?? ""])),
    revokeAllMyRefreshTokens: (request, options) => auth.revokeAllMyRefreshTokens(request, options).catch(note(ids)),
  });
  return { ...result, maybeRevoked };
}

/** Says what `revoke` or `end` would do. */
export function reportPlan(
  would: "revoke" | "end",
  ids: readonly string[],
  notListed: readonly string[],
  format: "text" | "json",
): number {
  if (format === "json") {
    const key = would === "end" ? "wouldEnd" : "wouldRevoke";
    process.stdout.write(`${toSafeJson({ [key]: ids, notListed })}\n`);
  } else {
    printIds(`would ${would}`, ids);
    printIds("not listed", notListed);
  }
  return exitCodes.ok;
}

/** What became of each id that `end` was given. */
export interface Ended extends EndResult {
  readonly notFound: readonly string[];
}

/** Prints what became of each sign-in, and returns the exit code. `signal` tells whether the user interrupted it. */
export function reportEnded(result: Ended, format: "text" | "json", call: FailedCall, signal: AbortSignal): number {
  const { ended, alreadyGone, notFound, failed } = result;
  printOutcome(format, { ended, alreadyGone, notFound }, failed);
  const exitCode = reportFailed(failed, call, signal);
  if (exitCode || notFound.length === 0) return exitCode;
  printError(new Error("what is not found is not among your sign-ins: compare with what list shows"));
  return exitCodes.failed;
}

/** What to say of a revoke that got no answer. */
export const mayBeRevoked = "what got no answer may have been revoked all the same: list shows what is left";

/** Prints what became of each token, and returns the exit code. `signal` tells whether the user interrupted it. */
export function reportRevoked(result: Revoked, format: "text" | "json", call: FailedCall, signal: AbortSignal): number {
  const { revoked, alreadyGone, notFound, failed, maybeRevoked } = result;
  const rest = maybeRevoked.length > 0 ? { maybeRevoked } : {};
  printOutcome(format, { revoked, alreadyGone, notFound }, failed, rest);
  if (alreadyGone.some((id) => maybeRevoked.includes(id))) {
    printNote("what is already gone may have been revoked by an attempt before, whose answer was lost");
  }
  return reportFailed(failed, call, signal);
}

const outcomes = { revoked: "revoked", ended: "ended", alreadyGone: "already gone", notFound: "not found" } as const;

/** Prints what became of ids, what failed only in JSON. `rest` is for JSON alone. */
function printOutcome(
  format: "text" | "json",
  lists: { readonly [name in keyof typeof outcomes]?: readonly string[] | undefined },
  failed: Revoked["failed"],
  rest: object = {},
): void {
  if (format === "json") {
    process.stdout.write(`${toSafeJson({ ...lists, failed: failed.map(plainFailure), ...rest })}\n`);
    return;
  }
  for (const [name, ids] of Object.entries(lists)) printIds(outcomes[name as keyof typeof outcomes], ids ?? []);
}

function reportFailed(failed: Revoked["failed"], call: FailedCall, signal: AbortSignal): number {
  const errors = failed.map(({ id, error }) => ({ id, error: explainError(error, call) }));
  for (const { id, error } of errors) printError(new Error(`${id}: ${error.message}`));
  for (const hint of new Set(errors.map(({ error }) => error instanceof CommandError && error.hint))) {
    if (hint) printHint(hint);
  }
  if (failed.some(({ error }) => mayBeApplied(error))) printWarning(mayBeRevoked);
  if (signal.aborted) return exitCodes.interrupted;
  const [first] = errors.map(({ error }) => error).filter((error) => error instanceof CommandError);
  return first?.exitCode ?? exitCodes.ok;
}

/** Whether ZITADEL may have done what was asked although its answer did not come. */
export function mayBeApplied(error: unknown): boolean {
  const { reason = "", fromServer, attempts, httpStatus = 0, maybeApplied } = getErrorInfo(error);
  if (maybeApplied) return true;
  if (fromServer || attempts === 0 || !(error instanceof ConnectError)) return false;
  // What was refused on the way, or never came to ZITADEL.
  const isRefused = httpStatus >= 300 && httpStatus < 500;
  return !isRefused && !/^(?:connect-|dns|tls|not-h2|rst-refused-stream)/.test(reason);
}

function plainFailure({ id, error }: Revoked["failed"][number]) {
  const info = getErrorInfo(error);
  return { id, code: Code[error.code], message: error.rawMessage, ...(info.id && { errorId: info.id }) };
}
