import { type AuthClient, Code, ConnectError, type EndResult, getErrorInfo, type RevokeResult } from "../node.js";
import type { FailedCall } from "./advice.js";
import { CommandError, exitCodes } from "./command-error.js";
import { explainError } from "./explain-error.js";
import { printError, printHint, printIds, printNote, printWarning } from "./terminal/messages.js";
import { toSafeJson } from "./terminal/text.js";

type Format = "text" | "json";

/** What became of each id, with what the library's result alone does not say. */
export interface Outcome extends Pick<EndResult, "alreadyGone" | "failed"> {
  readonly ended?: readonly string[];
  readonly revoked?: readonly string[];
  /** Ids that people named, and that are not among what the user has. */
  readonly notFound?: readonly string[];
  /** Ids that an attempt before, whose answer was lost, may have revoked. */
  readonly maybeRevoked?: readonly string[];
}

type RevokeCalls = Pick<AuthClient, "revokeMyRefreshToken" | "revokeAllMyRefreshTokens">;

/** Revokes `ids` as `revoke` does, by calls that are watched for attempts whose answer was lost. */
export async function revokeIds(
  auth: AuthClient,
  ids: readonly string[],
  revoke: (calls: RevokeCalls) => Promise<RevokeResult>,
): Promise<Outcome> {
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
  return { ...result, ...(maybeRevoked.length > 0 && { maybeRevoked }) };
}

/** Throws if what an option names to be kept is not listed: it may be mistyped. `what` counts what is. */
export function mustBeListed(option: string, kept: readonly string[], listed: readonly string[], what: string): void {
  const strangers = kept.filter((id) => !listed.includes(id));
  if (strangers.length === 0) return;
  const problem = `${option} ${strangers.join(" ")} is not among the ${what} that ZITADEL lists`;
  throw new CommandError(`${problem}: nothing was ${option === "--keep" ? "ended" : "revoked"}`, exitCodes.failed);
}

/** Says what `revoke` or `end` would do. */
export function reportPlan(
  would: "revoke" | "end",
  ids: readonly string[],
  notListed: readonly string[],
  format: Format,
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

const outcomes = { revoked: "revoked", ended: "ended", alreadyGone: "already gone", notFound: "not found" } as const;

/** Prints what became of each id, and returns the exit code. `signal` tells whether the user interrupted it. */
export function report(outcome: Outcome, format: Format, call: FailedCall, signal: AbortSignal): number {
  const { alreadyGone, failed, maybeRevoked = [] } = outcome;
  if (format === "json") {
    process.stdout.write(`${toSafeJson({ ...outcome, failed: failed.map(plainFailure) })}\n`);
  } else {
    for (const name of Object.keys(outcomes) as (keyof typeof outcomes)[])
      printIds(outcomes[name], outcome[name] ?? []);
  }
  if (alreadyGone.some((id) => maybeRevoked.includes(id))) {
    printNote("what is already gone may have been revoked by an attempt before, whose answer was lost");
  }
  const errors = failed.map(({ id, error }) => ({ id, error: explainError(error, call) as CommandError }));
  for (const { id, error } of errors) printError(new Error(`${id}: ${error.message}`));
  for (const hint of new Set(errors.map(({ error }) => error.hint))) {
    if (hint) printHint(hint);
  }
  if (failed.some(({ error }) => mayBeApplied(error))) printWarning(mayBeRevoked);
  if (signal.aborted) return exitCodes.interrupted;
  return errors[0]?.error.exitCode ?? exitCodes.ok;
}

/** What to say of a revoke that got no answer. */
export const mayBeRevoked = "what got no answer may have been revoked all the same: list shows what is left";

/** Whether ZITADEL may have done what was asked although its answer did not come. */
export function mayBeApplied(error: unknown): boolean {
  const { reason = "", fromServer, attempts, httpStatus = 0, maybeApplied } = getErrorInfo(error);
  if (maybeApplied) return true;
  if (fromServer || attempts === 0 || !(error instanceof ConnectError)) return false;
  // What was refused on the way, or never came to ZITADEL.
  const isRefused = httpStatus >= 300 && httpStatus < 500;
  return !isRefused && !/^(?:connect-|dns|tls|not-h2|rst-refused-stream)/.test(reason);
}

function plainFailure({ id, error }: Outcome["failed"][number]) {
  const info = getErrorInfo(error);
  return { id, code: Code[error.code], message: error.rawMessage, ...(info.id && { errorId: info.id }) };
}
