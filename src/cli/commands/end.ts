import type { SignIn } from "../../node.js";
import { defineCommand } from "../command.js";
import { CommandError, exitCodes, usageError } from "../command-error.js";
import { withClient } from "../connect/with-client.js";
import { counted, relativeTime } from "../in-words.js";
import { commonOptions, currentOption, endingOptions, outputOption } from "../input/common-options.js";
import { confirm, mustBeAbleToAsk } from "../input/confirm.js";
import { checkIds, readIds } from "../input/read-ids.js";
import { currentSession, readSettings } from "../input/settings.js";
import { rowOf } from "../terminal/columns.js";
import { printError, printNote } from "../terminal/messages.js";

export const end = defineCommand({
  about:
    "Ends sign-ins, sessions and refresh tokens alike: whoever is signed in there has to sign in again. Apps that hold a " +
    "refresh token of an ended session go on until that expires.",
  arguments: { usage: "[ID...]", help: "as list shows it; - for ids on standard input, one a line" },
  options: {
    others: { type: "boolean", help: "end all but the one in use, which ZITADEL or --current has to tell, or --keep" },
    keep: { type: "string", multiple: true, value: "ID...", help: "with --others: end all but these too" },
    current: currentOption,
    ...endingOptions,
    output: outputOption(
      ["text", "json"],
      `text (default): "ended ID", "already gone ID" or "not found ID", a line each
json: { ended: [ID], alreadyGone: [ID], notFound: [ID], failed: [{ id, code, message, errorId? }] }, or with --dry-run \
{ wouldEnd: [ID], notListed: [ID] }`,
    ),
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
    const { mustBeListed, report, reportPlan } = await import("../ending.js");

    const { signIns } = await withClient({ settings, task: "Listing", signal }, (auth) =>
      listSignIns(auth, { ...currentSession(values.current, settings), signal }),
    );
    const listed = signIns.map(({ id }) => id);
    mustBeListed("--keep", kept, listed, counted(signIns.length, "sign-in"));
    if (others && kept.length === 0 && !signIns.some(isCurrent)) {
      const remedy = "name it by --current (the sid of your id_token), or what is to stay by --keep";
      throw new CommandError(`ZITADEL does not tell which sign-in is the one in use: ${remedy}`, exitCodes.failed);
    }
    const notFound = ids.filter((id) => !listed.includes(id));
    const ending = others
      ? signIns.filter((each) => !isCurrent(each) && !kept.includes(each.id))
      : ids.flatMap((id) => signIns.find((each) => each.id === id) ?? []);
    const endingIds = ending.map(({ id }) => id);
    if (dryRun) return reportPlan("end", endingIds, notFound, format);
    if (ending.length === 0 && notFound.length === 0) printNote("there is nothing to end");
    if (ending.length > 0) await askOrSay(ending, settings.url, values.yes, signal);
    const result = await withClient({ settings, task: "Ending", signal }, (auth) =>
      endSignIns(auth, ending, { signal }),
    );
    const exitCode = report({ ...result, notFound }, format, settings, signal);
    if (exitCode || notFound.length === 0) return exitCode;
    printError(new Error("what is not found is not among your sign-ins: compare with what list shows"));
    return exitCodes.failed;
  },
});

/** Whether it is known to be the one in use. */
const isCurrent = (signIn: SignIn) => signIn.kind === "session" && signIn.isCurrent === true;

async function askOrSay(ending: readonly SignIn[], url: string, yes: boolean | undefined, signal: AbortSignal) {
  const [first = "", ...more] = ending.map(described);
  if (more.length === 0 && !yes) return confirm(`End ${first} at ${url}?`, signal);
  for (const each of [first, ...more]) printNote(`this ends ${each}`);
  if (!yes) await confirm(`End these ${ending.length} at ${url}?`, signal);
}

/** As the question names it: what it is, and when it was last active. */
function described(signIn: SignIn): string {
  const { id, kind, name, lastActive } = rowOf(signIn);
  const when = lastActive ? `, last active ${relativeTime(lastActive, Date.now())}` : "";
  return `${kind} ${id} (${name}${when})`;
}
