import { countTokens } from "../about-lists.js";
import { defineCommand } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";
import { commonOptions } from "../input/common-options.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { readIds } from "../input/read-ids.js";
import { readSettings } from "../input/settings.js";
import { toSafeJson } from "../terminal/escape.js";
import { printIds, printNote } from "../terminal/messages.js";
import { withClient } from "../with-client.js";

export const revoke = defineCommand({
  about: `Revokes refresh tokens: their apps have to sign in again, and ZITADEL refuses the
access token that came with each at once.`,
  arguments: { usage: "ID...", help: "as list shows it; - for ids on standard input, one a\nline" },
  options: {
    yes: { type: "boolean", short: "y", help: "do not ask; needed where there is no terminal" },
    "dry-run": { type: "boolean", help: "only say which of them are listed" },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json"],
      help: `text (default): "revoked ID" or "already gone ID", a
line each
json: { revoked: [ID], alreadyGone: [ID], failed: [{
id, code, message, errorId? }] }, or with --dry-run {
wouldRevoke: [ID], notListed: [ID] }`,
    },
    ...commonOptions,
  },
  notes: "A token that is gone already is no failure.",
  examples: `zitadel-refresh-tokens revoke 324567890123456789
zitadel-refresh-tokens list --state idle-expired -o ids | zitadel-refresh-tokens revoke --yes -`,

  async run({ values, positionals }, signal) {
    if (positionals.length === 0) throw usageError("no ids: pass those that list shows, or - for standard input");
    const { output: format = "text", "dry-run": dryRun = false } = values;
    if (!dryRun) mustBeAbleToAsk(values.yes);
    const ids = await readIds(positionals, values["token-file"], signal);
    const settings = await readSettings(values, signal);
    if (ids.length === 0) printNote("no ids on standard input: there is nothing to revoke");
    if (dryRun) {
      const { result } = await withClient({ settings, task: "Listing", signal }, (auth) =>
        auth.listMyRefreshTokens({}, { signal }),
      );
      const listed = new Set(result.map(({ id }) => id));
      const wouldRevoke = ids.filter((id) => listed.has(id));
      const notListed = ids.filter((id) => !listed.has(id));
      if (format === "json") {
        process.stdout.write(`${toSafeJson({ wouldRevoke, notListed })}\n`);
      } else {
        printIds("would revoke", wouldRevoke);
        printIds("not listed", notListed);
      }
      return exitCodes.ok;
    }
    if (!values.yes) await confirm(`Revoke ${countTokens(ids.length)} at ${settings.url}?`, signal);
    const [{ revokeRefreshTokens }, { reportRevoked }] = await Promise.all([
      import("../../node.js"),
      import("../report-revoked.js"),
    ]);
    const result = await withClient({ settings, task: "Revoking", signal }, (auth) =>
      revokeRefreshTokens(auth, ids, { signal }),
    );
    return reportRevoked(result, format, signal);
  },
});
