import type { RefreshTokenView, SignIn, SignInsView } from "../../node.js";
import { emptyListMeaning, incompleteMeaning, isOld } from "../about-lists.js";
import { defineCommand } from "../command.js";
import { exitCodes } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { commonOptions, currentOption } from "../input/common-options.js";
import { currentSession, readSettings } from "../input/settings.js";
import { relativeTime } from "../relative-time.js";
import { printNote, printWarning } from "../terminal/messages.js";
import { addressOf, kindOf, lastActiveOf, nameOf, signInColumns, untilOf } from "../terminal/sign-in-columns.js";
import { formatTable } from "../terminal/table.js";
import { escapeText, isColored, toSafeJson } from "../terminal/text.js";
import { tokenColumns } from "../terminal/token-columns.js";

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
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: formats,
      help: `table (default on a terminal)
tsv (default elsewhere), nothing shortened, exact times: ID, kind ("session", "current session" or "refresh token"), device \
or app, address, state, last active, until; without sessions ID, app, state, last used, usable until, signed in, scopes
json: what the library's listSignIns returns: { user, sessions?, tokens: { total, truncated, asOf?, tokens }, incomplete, \
signIns }, where a filter applies to signIns
ids: one a line, for end`,
    },
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
    if (isOld(asOf, now)) {
      const age = relativeTime(asOf, now);
      printWarning(`ZITADEL updated this list ${age}: what was revoked or used since is not in it yet`);
    }
    // Only for people: programs that read ids or lines know an empty list when they see it.
    if (format === "table" || process.stderr.isTTY) notes(view).forEach(printNote);
    // The filter may be mistyped.
    if (view.signIns.length > 0 && signIns.length === 0) {
      printNote(`none of ${view.signIns.length} sign-ins passes the filter`);
    }
    return exitCodes.ok;
  },
});

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
  const { id, state } = signIn;
  const times = [lastActiveOf(signIn), untilOf(signIn)].map((time) => time?.toISOString() ?? "");
  return line([id, kindOf(signIn), nameOf(signIn), addressOf(signIn), state, ...times]);
}

function tabbedToken(token: RefreshTokenView): string {
  const { id, clientId, state, lastUsedAt, usableUntil, signedInAt, scopes } = token;
  const times = [lastUsedAt, usableUntil, signedInAt].map((time) => time?.toISOString() ?? "");
  return line([id, clientId, state, ...times, scopes.join(" ")]);
}

const line = (cells: readonly string[]) => `${cells.map(escapeText).join("\t")}\n`;
