import { defineCommand } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { counted } from "../in-words.js";
import { commonOptions, endingOptions, outputOption } from "../input/common-options.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { readIds } from "../input/read-ids.js";
import { readSettings } from "../input/settings.js";
import { printError, printNote } from "../terminal/messages.js";

export const revoke = defineCommand({
  about:
    "Revokes refresh tokens: their apps have to sign in again, and ZITADEL refuses the access token that came with each " +
    "at once.",
  arguments: { usage: "ID...", help: "as list shows it; - for ids on standard input, one a line" },
  options: {
    ...endingOptions,
    "ignore-not-found": { type: "boolean", help: "an id that is not among the user's tokens is no failure" },
    output: outputOption(
      ["text", "json"],
      `text (default): "revoked ID", "already gone ID" or "not found ID", a line each
json: { revoked: [ID], alreadyGone: [ID], notFound: [ID], failed: [{ id, code, message, errorId? }], maybeRevoked?: \
[ID] }, or with --dry-run { wouldRevoke: [ID], notListed: [ID] }`,
    ),
    ...commonOptions,
  },
  notes:
    "A token that is listed and turns out to be gone already is no failure. ZITADEL answers the same for an id that it has " +
    'never heard of, so the list is read first: what is not in it and cannot be revoked is "not found", with exit code 1. ' +
    "maybeRevoked are those of which it said so on a repeat: the attempt before, whose answer was lost, may have revoked " +
    "them.",
  examples: `zitadel-refresh-tokens revoke 324567890123456789
zitadel-refresh-tokens list --state idle-expired -o ids | zitadel-refresh-tokens revoke --yes -`,

  async run({ values, positionals }, signal) {
    if (positionals.length === 0) throw usageError("no ids: pass those that list shows, or - for standard input");
    const { output: format = "text", "dry-run": dryRun = false } = values;
    if (!dryRun) mustBeAbleToAsk(values.yes, [...positionals, values["token-file"]].includes("-"));
    const ids = await readIds(positionals, values["token-file"], signal);
    const settings = await readSettings(values, signal);
    if (ids.length === 0) printNote("no ids on standard input: there is nothing to revoke");
    if (ids.length > 0 && !dryRun && !values.yes) {
      await confirm(`Revoke ${counted(ids.length, "refresh token")} at ${settings.url}?`, signal);
    }
    const { report, reportPlan, revokeIds } = await import("../ending.js");
    const { revokeRefreshTokens } = await import("../../node.js");
    const use = { settings, task: dryRun ? "Listing" : "Revoking", signal };
    const { listed, outcome } = await withClient(use, async (auth) => {
      const tokens = ids.length > 0 ? (await auth.listMyRefreshTokens({}, { signal })).result : [];
      return {
        listed: new Set(tokens.map(({ id }) => id)),
        outcome: dryRun
          ? undefined
          : await revokeIds(auth, ids, (calls) => revokeRefreshTokens(calls, ids, { signal })),
      };
    });
    const isListed = (id: string) => listed.has(id);
    const isNotListed = (id: string) => !listed.has(id);
    if (!outcome) return reportPlan("revoke", ids.filter(isListed), ids.filter(isNotListed), format);
    const { maybeRevoked = [] } = outcome;
    const notFound = outcome.alreadyGone.filter(isNotListed);
    const alreadyGone = outcome.alreadyGone.filter(isListed);
    const exitCode = report({ ...outcome, alreadyGone, notFound }, format, settings, signal);
    if (notFound.length === 0 || values["ignore-not-found"]) return exitCode;
    const isAttempted = (id: string) => maybeRevoked.includes(id);
    sayNotFound(
      notFound.filter((id) => !isAttempted(id)),
      "not found among your tokens",
    );
    sayNotFound(notFound.filter(isAttempted), "not found; an attempt before may have revoked it");
    return exitCode || exitCodes.failed;
  },
});

function sayNotFound(ids: readonly string[], what: string): void {
  if (ids.length === 0) return;
  const which = ids.length === 1 ? `${ids[0]} was` : `${ids.length} ids were`;
  const remedy = "compare with what list shows, or pass --ignore-not-found if that is no failure";
  printError(new Error(`${which} ${what}: ${remedy}`));
}
