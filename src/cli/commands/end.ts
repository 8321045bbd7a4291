import type { SignIn, SignInsView } from "../../node.js";
import { defineCommand } from "../command.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { commonOptions, currentOption } from "../input/common-options.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { checkIds, readIds } from "../input/read-ids.js";
import { currentSession, readSettings } from "../input/settings.js";
import { relativeTime } from "../relative-time.js";
import { printNote } from "../terminal/messages.js";
import { isCurrent, kindOf, lastActiveOf, nameOf } from "../terminal/sign-in-columns.js";

export const end = defineCommand({
  about:
    "Ends sign-ins, sessions and refresh tokens alike: whoever is signed in there has to sign in again. Apps that hold a " +
    "refresh token of an ended session go on until that expires.",
  arguments: { usage: "[ID...]", help: "as list shows it; - for ids on standard input, one a line" },
  options: {
    others: { type: "boolean", help: "end all but the one in use, which ZITADEL or --current has to tell, or --keep" },
    keep: { type: "string", multiple: true, value: "ID...", help: "with --others: end all but these too" },
    current: currentOption,
    yes: { type: "boolean", short: "y", help: "do not ask; needed where there is no terminal" },
    "dry-run": { type: "boolean", help: "only say which" },
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["text", "json"],
      help: `text (default): "ended ID", "already gone ID" or "not found ID", a line each
json: { ended: [ID], alreadyGone: [ID], notFound: [ID], failed: [{ id, code, message, errorId? }] }, or with --dry-run \
{ wouldEnd: [ID], notListed: [ID] }`,
    },
    ...commonOptions,
  },
  notes:
    "The sign-in in use comes last, since the access token ends with it. An id that is not listed is not found: exit code 1.",
  examples: `zitadel-refresh-tokens end 324567890123456789
zitadel-refresh-tokens end --others --dry-run
zitadel-refresh-tokens list --state expired -o ids | zitadel-refresh-tokens end --yes -`,

  async run({ values, positionals }, signal) {
    const { others = false, "dry-run": dryRun = false, output: format = "text" } = values;
    // Of `--keep ONE TWO` the option takes ONE, and TWO is an argument.
    const kept = others ? [...(values.keep ?? []), ...positionals] : [];
    if (!others && values.keep) throw usageError("--keep is for --others");
    if (!others && positionals.length === 0) throw usageError("no ids: pass those that list shows, or --others");
    checkIds(kept);
    if (!dryRun) mustBeAbleToAsk(values.yes, [...positionals, values["token-file"]].includes("-"));
    const ids = others ? [] : await readIds(positionals, values["token-file"], signal);
    const settings = await readSettings(values, signal);
    const { listSignIns, endSignIns } = await import("../../node.js");
    const { reportEnded, reportPlan } = await import("../revoked.js");

    const view = await withClient({ settings, task: "Listing", signal }, (auth) =>
      listSignIns(auth, { ...currentSession(values.current, settings), signal }),
    );
    const listed = new Map(view.signIns.map((signIn) => [signIn.id, signIn]));
    const notFound = [...ids, ...kept].filter((id) => !listed.has(id));
    if (others) checkOthers(view, kept, notFound);
    const ending = others
      ? view.signIns.filter((each) => !isCurrent(each) && !kept.includes(each.id))
      : ids.flatMap((id) => listed.get(id) ?? []);
    const endingIds = ending.map(({ id }) => id);
    if (dryRun) return reportPlan("end", endingIds, notFound, format);
    if (ending.length === 0 && notFound.length === 0) printNote("there is nothing to end");
    if (ending.length > 0) await askOrSay(ending, settings.url, values.yes, signal);
    const result = await withClient({ settings, task: "Ending", signal }, (auth) =>
      endSignIns(auth, ending, { signal }),
    );
    return reportEnded({ ...result, notFound }, format, settings, signal);
  },
});

function checkOthers({ signIns }: SignInsView, kept: readonly string[], strangers: readonly string[]): void {
  if (strangers.length > 0) {
    const problem = `--keep ${strangers.join(" ")} is not among the ${signIns.length} sign-ins that ZITADEL lists`;
    throw new CommandError(`${problem}: nothing was ended`, exitCodes.failed);
  }
  if (kept.length > 0 || signIns.some(isCurrent)) return;
  const remedy = "name it by --current (the sid of your id_token), or what is to stay by --keep";
  throw new CommandError(`ZITADEL does not tell which sign-in is the one in use: ${remedy}`, exitCodes.failed);
}

async function askOrSay(ending: readonly SignIn[], url: string, yes: boolean | undefined, signal: AbortSignal) {
  if (ending.length === 1 && !yes) return confirm(`End ${described(ending[0] as SignIn)} at ${url}?`, signal);
  for (const signIn of ending) printNote(`this ends ${described(signIn)}`);
  if (!yes) await confirm(`End these ${ending.length} at ${url}?`, signal);
}

/** As the question names it: what it is, and when it was last active. */
function described(signIn: SignIn): string {
  const lastActive = lastActiveOf(signIn);
  const when = lastActive ? `, last active ${relativeTime(lastActive, Date.now())}` : "";
  return `${kindOf(signIn)} ${signIn.id} (${nameOf(signIn)}${when})`;
}
