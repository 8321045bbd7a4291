import type { RefreshTokensView, RefreshTokenView } from "../../node.js";
import { relativeTime } from "../../relative-time.js";
import { emptyListMeaning, isOld } from "../about-lists.js";
import { defineCommand } from "../command.js";
import { exitCodes } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { commonOptions } from "../input/common-options.js";
import { readSettings } from "../input/settings.js";
import { printNote, printWarning } from "../terminal/messages.js";
import { formatTable } from "../terminal/table.js";
import { escapeText, isColored, toSafeJson } from "../terminal/text.js";
import { tokenColumns } from "../terminal/token-columns.js";

const formats = ["table", "tsv", "json", "ids"] as const;

type Format = (typeof formats)[number];

export const list = defineCommand({
  about: "Shows the user's refresh tokens, the most recently used first.",
  options: {
    state: {
      type: "string",
      multiple: true,
      value: "STATE",
      choices: ["active", "idle-expired", "expired"],
      help: "only active, idle-expired or expired; may be repeated",
    },
    "client-id": { type: "string", multiple: true, value: "ID", help: "only tokens of that app; may be repeated" },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: formats,
      help: `table (default on a terminal)
tsv (default elsewhere): ID, app, state, last used, usable until, signed in, scopes; nothing shortened, exact times
json: { total, truncated, asOf?, tokens: [{ id, clientId, state, signedInAt?, lastUsedAt?, idleExpiresAt?, expiresAt?, \
usableUntil?, scopes, audience }] }, where total counts all tokens, filter or not
ids: one a line, for revoke`,
    },
    ...commonOptions,
  },
  examples: `zitadel-refresh-tokens list --state active
zitadel-refresh-tokens list -o json | jq '.tokens[].clientId'
pass show zitadel | zitadel-refresh-tokens list --token-file -`,

  async run({ values }, signal) {
    const format = values.output ?? (process.stdout.isTTY ? "table" : "tsv");
    const settings = await readSettings(values, signal);
    const response = await withClient({ settings, task: "Listing", signal }, (auth) =>
      auth.listMyRefreshTokens({}, { signal }),
    );
    const { viewRefreshTokens } = await import("../../node.js");
    const now = Date.now();
    const view = viewRefreshTokens(response, { now });
    const tokens = view.tokens.filter(
      ({ state, clientId }) =>
        (values.state?.includes(state) ?? true) && (values["client-id"]?.includes(clientId) ?? true),
    );
    process.stdout.write(formatView({ ...view, tokens }, format, now));
    const { total, truncated, asOf } = view;
    if (truncated) printWarning(`${view.tokens.length} of ${total} tokens were sent: ZITADEL lists no more`);
    if (isOld(asOf, now)) {
      const age = relativeTime(asOf, now);
      printWarning(`ZITADEL updated this list ${age}: what was revoked or used since is not in it yet`);
    }
    // Only for people: programs that read ids or lines know an empty list when they see it.
    if (view.tokens.length === 0 && (format === "table" || process.stderr.isTTY)) {
      printNote(`no refresh tokens, which does not mean no sign-ins: ${emptyListMeaning}`);
    }
    // The filter may be mistyped.
    if (view.tokens.length > 0 && tokens.length === 0)
      printNote(`none of ${view.tokens.length} tokens passes the filter`);
    return exitCodes.ok;
  },
});

function formatView(view: RefreshTokensView, format: Format, now: number): string {
  const { tokens } = view;
  switch (format) {
    case "json":
      return `${toSafeJson(view)}\n`;
    case "ids":
      return tokens.map(({ id }) => `${escapeText(id)}\n`).join("");
    case "tsv":
      return tokens.map((token) => `${tabbed(token)}\n`).join("");
    case "table": {
      const width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
      return tokens.length > 0 ? formatTable(tokenColumns(tokens, now), width, isColored(process.stdout)) : "";
    }
  }
}

/** One line for programs such as `cut`: nothing is shortened, and times are exact. */
function tabbed({ id, clientId, state, lastUsedAt, usableUntil, signedInAt, scopes }: RefreshTokenView): string {
  const times = [lastUsedAt, usableUntil, signedInAt].map((time) => time?.toISOString() ?? "");
  return [id, clientId, state, ...times, scopes.join(" ")].map(escapeText).join("\t");
}
