import { revokeRefreshTokens } from "../../node.js";
import { exitCodes, usageError } from "../command-error.js";
import { countTokens } from "../count-tokens.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { commonOptions, oneOf, parseOptions } from "../input/parse-options.js";
import { readIds } from "../input/read-ids.js";
import { readSettings } from "../input/settings.js";
import { printLines, reportRevoked, revokeFormats } from "../report-revoked.js";
import { toSafeJson } from "../terminal/escape.js";
import { printNote } from "../terminal/messages.js";
import { withClient } from "../with-client.js";

/** Revokes some of the user's refresh tokens. */
export async function revoke(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    ...commonOptions,
    yes: { type: "boolean", short: "y" },
    "dry-run": { type: "boolean" },
    output: { type: "string", short: "o" },
  });
  if (positionals.length === 0) throw usageError("no ids: pass those that list shows, or - for standard input");
  const format = oneOf("--output", values.output ?? "text", revokeFormats);
  const dryRun = values["dry-run"] ?? false;
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
      printLines("would revoke", wouldRevoke);
      printLines("not listed", notListed);
    }
    return exitCodes.ok;
  }
  if (!values.yes) await confirm(`Revoke ${countTokens(ids.length)} at ${settings.url}?`, signal);
  const result = await withClient({ settings, task: "Revoking", signal }, (auth) =>
    revokeRefreshTokens(auth, ids, { signal }),
  );
  return reportRevoked(result, format, signal);
}
