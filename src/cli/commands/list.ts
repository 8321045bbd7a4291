import {
  type RefreshTokenState,
  type RefreshTokensView,
  type RefreshTokenView,
  viewRefreshTokens,
} from "../../node.js";
import { exitCodes } from "../command-error.js";
import { commonOptions, noArguments, oneOf, parseOptions } from "../input/parse-options.js";
import { readSettings } from "../input/settings.js";
import { isColored } from "../terminal/color.js";
import { escapeText, toSafeJson } from "../terminal/escape.js";
import { printNote } from "../terminal/messages.js";
import { relativeTime } from "../terminal/relative-time.js";
import { formatTable } from "../terminal/table.js";
import { tokenColumns } from "../terminal/token-columns.js";
import { withClient } from "../with-client.js";

const states = ["active", "idle-expired", "expired"] as const satisfies readonly RefreshTokenState[];
const formats = ["table", "tsv", "json", "ids"] as const;

/** Lists the user's refresh tokens. */
export async function list(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    ...commonOptions,
    output: { type: "string", short: "o" },
    state: { type: "string", multiple: true },
    "client-id": { type: "string", multiple: true },
  });
  noArguments(positionals);
  const format = oneOf("--output", values.output ?? (process.stdout.isTTY ? "table" : "tsv"), formats);
  const wantedStates = values.state?.map((state) => oneOf("--state", state, states));
  const settings = await readSettings(values, signal);
  const response = await withClient({ settings, task: "Listing", signal }, (auth) =>
    auth.listMyRefreshTokens({}, { signal }),
  );
  const now = Date.now();
  const view = viewRefreshTokens(response, { now });
  const tokens = view.tokens.filter(
    ({ state, clientId }) =>
      (wantedStates?.includes(state) ?? true) && (values["client-id"]?.includes(clientId) ?? true),
  );
  process.stdout.write(formatView({ ...view, tokens }, format, now));
  for (const note of notesOn(view, tokens, now)) printNote(note);
  return exitCodes.ok;
}

function formatView(view: RefreshTokensView, format: (typeof formats)[number], now: number): string {
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

// ZITADEL's projections are behind by milliseconds when all is well.
const lagMs = 60_000;

/** What the list alone does not say. */
function notesOn({ tokens, total, truncated, asOf }: RefreshTokensView, shown: readonly unknown[], now: number) {
  const notes: string[] = [];
  if (tokens.length === 0) {
    notes.push(
      "no refresh tokens, which does not mean no sign-ins: a current ZITADEL keeps new ones in OIDC sessions, which " +
        'this API does not list (README, "What the list holds")',
    );
  } else if (shown.length === 0) {
    notes.push(`none of ${tokens.length} tokens passes the filter`);
  }
  if (truncated) notes.push(`${tokens.length} of ${total} tokens were sent: ZITADEL lists no more`);
  if (asOf && now - asOf.getTime() > lagMs) {
    notes.push(`ZITADEL updated this list ${relativeTime(asOf, now)}: what was revoked or used since is not in it yet`);
  }
  return notes;
}
