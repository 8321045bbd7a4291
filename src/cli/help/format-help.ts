import type { Command, Option, Options } from "../command.js";
import { commands } from "../commands.js";
import { commonOptions } from "../input/common-options.js";

export const programName = "zitadel-refresh-tokens";

export const exitCodeLines = `Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not authenticated or not allowed,
130 interrupted.`;

export const aboutEnvironment = `There is no --token: every user of a machine can read its command lines.
HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are obeyed.`;

/** The help of the whole command. */
export function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(10)}  ${summary}`);
  return `Lists and revokes the refresh tokens of the signed-in ZITADEL user.

Usage: ${programName} COMMAND [OPTIONS]

Commands:
${lines.join("\n")}

  COMMAND --help tells more; --version shows the version.

Example:
  export ZITADEL_URL=https://my-instance.zitadel.cloud ZITADEL_TOKEN_FILE=~/.token
  ${programName} list

${exitCodeLines}
`;
}

/** The help of one command. */
export function helpOf(name: string, command: Command): string {
  const { about, arguments: args, notes, examples } = command;
  const { own, common } = sortOptions(command);
  const help: Options = { help: { type: "boolean", short: "h", help: "" } };
  const sections = [
    about,
    `Usage: ${programName} ${name} ${args ? `${args.usage} ` : ""}[OPTIONS]`,
    (args?.help ? row(`  ${args.usage.replace(/^\[|\]$/g, "")}`, args.help) : "") +
      rows(common ? own : { ...own, ...help }),
    notes,
    common && `Where and who:\n${rows({ ...commonOptions, ...help })}`,
    common && `${aboutEnvironment}\n${exitCodeLines}`,
    `Examples:\n${examples.replace(/^/gm, "  ")}`,
  ];
  const shown = sections.filter((section) => section).map((section) => (section as string).trimEnd());
  return `${shown.join("\n\n")}\n`;
}

/** A command's own options, and whether it takes those that most commands take. */
export function sortOptions({ options }: Command): { own: Options; common: boolean } {
  const isCommon = ([name, option]: [string, Option]) => option === (commonOptions as Options)[name];
  const entries = Object.entries(options);
  return { own: Object.fromEntries(entries.filter((entry) => !isCommon(entry))), common: entries.some(isCommon) };
}

function rows(options: Options): string {
  return Object.entries(options)
    .map(([name, { short, value, help }]) =>
      row(`  ${short ? `-${short},` : "   "} --${name}${value ? ` ${value}` : ""}`, help),
    )
    .join("");
}

// As wide as the longest, and two spaces.
const column = 26;

function row(left: string, help: string): string {
  return `${left.padEnd(column)}${help.replaceAll("\n", `\n${" ".repeat(column)}`)}`.trimEnd().concat("\n");
}
