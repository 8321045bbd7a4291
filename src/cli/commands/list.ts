import type { RefreshTokenView, SignIn, SignInsView } from "../../node.js";
import { defineCommand } from "../command.js";
import { exitCodes } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { counted, relativeTime } from "../in-words.js";
import { commonOptions, currentOption, outputOption } from "../input/common-options.js";
import { currentSession, readSettings } from "../input/settings.js";
import { rowOf, signInColumns, tokenColumns } from "../terminal/columns.js";
import { printNote, printWarning } from "../terminal/messages.js";
import { formatTable } from "../terminal/table.js";
import { escapeText, isColored, toSafeJson } from "../terminal/text.js";

const formats = ["table", "tsv", "json", "ids"] as const;

type Format = (typeof formats)[number];

export const list = defineCommand({
  about:
    "Shows where the user is signed in, the last active first: sessions and refresh tokens of a current ZITADEL, refresh " +
    "tokens of one that has no sessions to list.",
  options: {
    state: {
      type: "string",
      multiple: true,
      value: "STATE",
      choices: ["active", "idle-expired", "expired", "unfinished"],
      help: "only active, idle-expired, expired or unfinished; may be repeated",
    },
    "client-id": { type: "string", multiple: true, value: "ID", help: "only tokens of that app; may be repeated" },
    current: currentOption,
    output: outputOption(
      formats,
      `table (default on a terminal)
tsv (default elsewhere), nothing shortened, exact times: ID, kind ("session", "current session" or "refresh token"), device \
or app, address, state, last active, until; without sessions ID, app, state, last used, usable until, signed in, scopes
json: what the library's listSignIns returns: { user, sessions?, tokens: { total, truncated, asOf?, tokens }, incomplete, \
signIns }, where a filter applies to signIns
ids: one a line, for end`,
    ),
    ...commonOptions,
  },
  examples: `zitadel-refresh-tokens list --state active
zitadel-refresh-tokens list -o json | jq '.signIns[].id'
pass show zitadel | zitadel-refresh-tokens list --token-file -`,

  async run({ values }, signal) {
    const format = values.output ?? (process.stdout.isTTY ? "table" : "tsv");
    const settings = await readSettings(values, signal);
    const view = await withClient({ settings, task: "Listing", signal }, async (auth) => {
      const { listSignIns } = await import("../../node.js");
      return listSignIns(auth, { ...currentSession(values.current, settings), signal });
    });
    const now = Date.now();
    const passes = (signIn: SignIn) =>
      (values.state?.includes(signIn.state) ?? true) &&
      (values["client-id"]?.includes(signIn.kind === "session" ? "" : signIn.clientId) ?? true);
    const signIns = view.signIns.filter(passes);
    process.stdout.write(formatView({ ...view, signIns }, format, now));
    const { tokens, total, truncated, asOf } = view.tokens;
    if (truncated) printWarning(`${tokens.length} of ${total} tokens were sent: ZITADEL lists no more`);
    if (asOf && now - asOf.getTime() > oldMs) {
      const age = relativeTime(asOf, now);
      printWarning(`ZITADEL updated this list ${age}: what was revoked or used since is not in it yet`);
    }
    // Only for people: programs that read ids or lines know an empty list when they see it.
    if (format === "table" || process.stderr.isTTY) notes(view).forEach(printNote);
    // The filter may be mistyped.
    if (view.signIns.length > 0 && signIns.length === 0) {
      printNote(`none of ${counted(view.signIns.length, "sign-in")} passes the filter`);
    }
    return exitCodes.ok;
  },
});

// ZITADEL renews `viewTimestamp` every 3 minutes on a quiet server, and at once on a busy one.
const oldMs = 10 * 60_000;

// Measured on ZITADEL v4.
const emptyListMeaning =
  "a service user, as behind most PATs, never has any, and a ZITADEL of 2024 or later keeps those of new sign-ins in OIDC " +
  "sessions, which this API neither lists nor revokes. One ends when its app revokes it (/oauth/v2/revoke with the " +
  "refresh token itself), when it expires, or when the app or the user is deactivated. Ending the session is not enough: " +
  "it only ends the access token";

/** Why more may be signed in than is listed. */
const incompleteMeaning = {
  "offline-access":
    "apps with offline access may stay signed in beside these: ZITADEL cannot list their refresh tokens",
  "current-not-listed": "the sign-in that this access token came from is not in the list",
};

function notes({ sessions, signIns, incomplete }: SignInsView): string[] {
  const meanings = incomplete.map((code) => incompleteMeaning[code]);
  if (signIns.length > 0 || sessions) return meanings;
  return [`no refresh tokens, which does not mean no sign-ins: ${emptyListMeaning}`];
}

function formatView(view: SignInsView, format: Format, now: number): string {
  const { signIns } = view;
  switch (format) {
    case "json":
      return `${toSafeJson(view)}\n`;
    case "ids":
      return signIns.map(({ id }) => `${escapeText(id)}\n`).join("");
    case "tsv":
      return (view.sessions ? signIns.map(tabbed) : signIns.filter(isToken).map(tabbedToken)).join("");
    case "table": {
      const width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
      if (signIns.length === 0) return "";
      const columns = view.sessions ? signInColumns(signIns, now) : tokenColumns(signIns.filter(isToken), now);
      return formatTable(columns, width, isColored(process.stdout));
    }
  }
}

const isToken = (signIn: SignIn) => signIn.kind === "refreshToken";

/** One line for programs such as `cut`: nothing is shortened, and times are exact. */
function tabbed(signIn: SignIn): string {
  const { id, kind, name, address, state, lastActive, until } = rowOf(signIn);
  return line([id, kind, name, address, state, lastActive, until]);
}

function tabbedToken(token: RefreshTokenView): string {
  const { id, clientId, state, lastUsedAt, usableUntil, signedInAt, scopes } = token;
  return line([id, clientId, state, lastUsedAt, usableUntil, signedInAt, scopes.join(" ")]);
}

function line(cells: readonly (string | Date | undefined)[]): string {
  const texts = cells.map((cell) => (cell instanceof Date ? cell.toISOString() : escapeText(cell ?? "")));
  return `${texts.join("\t")}\n`;
}
