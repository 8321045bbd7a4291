import { type Command, type Option, type Options, programName } from "../command.js";
import { commands } from "../commands.js";
import { commonOptions } from "../input/common-options.js";
import { wrap } from "../terminal/text.js";

const exitCodeLine =
  "Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not authenticated or not allowed, 130 interrupted.";

/** The help of the whole command, for a terminal of so many columns. */
export function overview(columns: number): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => row(`  ${name}`, summary, 14, columns));
  return `${wrap("Lists and revokes the refresh tokens of the signed-in ZITADEL user.", columns)}

Usage: ${programName} COMMAND [OPTIONS]

Commands:
${rows.join("")}
${wrap("COMMAND --help tells more; --version shows the version.", columns)}

Example:
  export ZITADEL_URL=https://my-instance.zitadel.cloud ZITADEL_TOKEN_FILE=~/.token
  ${programName} list

${wrap(exitCodeLine, columns)}
`;
}

/** The help of one command. */
export function helpOf(name: string, command: Command, columns: number): string {
  const { about, arguments: args, options, notes, terms = {}, examples } = command;
  const isCommon = ([name, option]: [string, Option]) => option === (commonOptions as Options)[name];
  const entries = Object.entries(options);
  const common = entries.some(isCommon);
  const help: [string, Option] = ["help", { type: "boolean", short: "h", help: "" }];
  const optionRows = (options: [string, Option][]) =>
    options.map(([long, { short, value, help }]) => {
      const left = `  ${short ? `-${short},` : "   "} --${long}${value ? ` ${value}` : ""}`;
      return row(left, help, 26, columns);
    });
  const own = entries.filter((entry) => !isCommon(entry));
  const sections = [
    wrap(about, columns),
    `Usage: ${programName} ${name} ${args ? `${args.usage} ` : ""}[OPTIONS]`,
    [
      ...(args?.help ? [row(`  ${args.usage}`, args.help, 26, columns)] : []),
      ...optionRows(common ? own : [...own, help]),
    ],
    notes && wrap(notes, columns),
    Object.entries(terms).map(([term, meaning]) => row(`  ${term}`, meaning, 26, columns)),
    common && ["Where and who:\n", ...optionRows([...Object.entries(commonOptions), help])],
    common && wrap(`${aboutEnvironment}\n${exitCodeLine}`, columns),
    `Examples:\n${examples.replace(/^/gm, "  ")}`,
  ];
  const shown = sections.map((section) => (section ? [section].flat().join("").trimEnd() : ""));
  return `${shown.filter((section) => section !== "").join("\n\n")}\n`;
}

const aboutEnvironment = `There is no --token: every user of a machine can read its command lines.
HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are obeyed.`;

/** A term, and from a column on what it means: under it where the terminal is too narrow, or the term too long. */
function row(left: string, meaning: string, column: number, columns: number): string {
  const start = columns < 60 ? 6 : column;
  const indent = `\n${" ".repeat(start)}`;
  const right = wrap(meaning, columns - start).replaceAll("\n", indent);
  return `${left.length < start ? left.padEnd(start) : left + indent}${right}`.trimEnd().concat("\n");
}
