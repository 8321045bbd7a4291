import type { RefreshTokensView } from "../../node.js";
import { defineCommand } from "../command.js";
import { usageError } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { counted } from "../in-words.js";
import { commonOptions, endingOptions, outputOption } from "../input/common-options.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { checkIds } from "../input/read-ids.js";
import { readSettings } from "../input/settings.js";
import { printNote, printWarning } from "../terminal/messages.js";

export const revokeAll = defineCommand({
  about:
    "Revokes all refresh tokens of the user, that of this login included: every app has to sign in again, and ZITADEL " +
    "refuses the access token that came with each at once.",
  arguments: { usage: "[--except ID...]", help: "" },
  options: {
    except: { type: "string", multiple: true, value: "ID...", help: "all but these, one by one" },
    ...endingOptions,
    output: outputOption(["text", "json"], "text (default) or json, as of revoke"),
    ...commonOptions,
  },
  examples: `zitadel-refresh-tokens revoke-all --dry-run
zitadel-refresh-tokens revoke-all --except 324567890123456789 --yes`,

  async run({ values, positionals }, signal) {
    // Of `--except ONE TWO` the option takes ONE, and TWO is an argument.
    if (positionals.length > 0 && !values.except) throw usageError("ids are for revoke, or for --except");
    const kept = [...(values.except ?? []), ...positionals];
    checkIds(kept);
    const { output: format = "text" } = values;
    if (!values["dry-run"]) mustBeAbleToAsk(values.yes, values["token-file"] === "-");
    const settings = await readSettings(values, signal);

    const response = await withClient({ settings, task: "Listing", signal }, (auth) =>
      auth.listMyRefreshTokens({}, { signal }),
    );
    const { revokeAllRefreshTokens, viewRefreshTokens } = await import("../../node.js");
    const { mayBeApplied, mayBeRevoked, mustBeListed, report, reportPlan, revokeIds } = await import("../ending.js");
    const view = viewRefreshTokens(response);
    const listed = view.tokens.map(({ id }) => id);
    mustBeListed("--except", kept, listed, counted(listed.length, "refresh token"));
    const ids = listed.filter((id) => !kept.includes(id));
    if (values["dry-run"]) return reportPlan("revoke", ids, [], format);
    if (ids.length === 0) {
      printNote("there is nothing to revoke");
      return report({ revoked: [], alreadyGone: [], failed: [] }, format, settings, signal);
    }
    const warning = `this revokes ${warningOf(view, kept, settings.url)}`;
    if (values.yes) printNote(warning);
    else await confirm(`${warning}. Go on?`, signal);
    if (view.truncated) printNote(`ZITADEL lists ${view.tokens.length} at most: run this again for the others`);
    // Of the list that people were shown, not of a newer one.
    const listMyRefreshTokens = async () => response;
    const outcome = await withClient({ settings, task: "Revoking", signal }, (auth) =>
      revokeIds(auth, ids, (calls) =>
        revokeAllRefreshTokens({ listMyRefreshTokens, ...calls }, { except: kept, signal }),
      ).catch((error: unknown) => {
        if (signal.aborted || mayBeApplied(error)) printWarning(mayBeRevoked);
        throw error;
      }),
    );
    return report(outcome, format, settings, signal);
  },
});

function warningOf({ tokens, total }: RefreshTokensView, kept: readonly string[], url: string): string {
  // ZITADEL does not say which token is behind the access token in use.
  return kept.length === 0
    ? `all ${counted(total, "refresh token")} at ${url}, this login's included: every app has to sign in again`
    : `${tokens.length - kept.length} of ${counted(total, "refresh token")} at ${url}, this login's included unless it is excepted`;
}
