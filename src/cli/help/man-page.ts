import type { Options } from "../command.js";
import { commonOptions } from "../input/common-options.js";
import { aboutEnvironment, exitCodeLines, programName, sortOptions } from "./format-help.js";
import { loadCommands, type NamedCommand } from "./load-commands.js";

/** Makes the man page, in man(7)'s macros, from what the help texts are made of. */
export async function manPage(version: string): Promise<string> {
  const commands = await loadCommands();
  return `.TH ${programName.toUpperCase()} 1 "" "${programName} ${version}"
.SH NAME
${toRoff(programName)} \\- list and revoke the refresh tokens of the signed\\-in ZITADEL user
.SH SYNOPSIS
.B ${toRoff(programName)}
.I COMMAND
.RI [ OPTIONS ]
.SH COMMANDS
${commands.map(section).join("")}.SH OPTIONS OF MOST COMMANDS
${rows(commonOptions)}.SH ENVIRONMENT
${toRoff(aboutEnvironment)}
.SH EXIT STATUS
${toRoff(exitCodeLines.replace("Exit codes: ", ""))}
`;
}

function section({ name, command }: NamedCommand): string {
  const { about, arguments: args, notes, examples } = command;
  const { own, common } = sortOptions(command);
  const usage = [name, ...(args ? [args.usage] : []), "[OPTIONS]"].join(" ");
  return `.SS ${toRoff(usage)}
${toRoff(about)}
${args?.help ? `.TP\n.I ${toRoff(args.usage)}\n${lines(args.help)}\n` : ""}${rows(own)}${notes ? preformatted(notes) : ""}.PP
${common ? "It also takes the options of most commands, below.\n" : ""}Examples:
${preformatted(examples)}`;
}

function rows(options: Options): string {
  return Object.entries(options)
    .map(([name, { short, value, help }]) => {
      const names = [...(short ? [`-${short}`] : []), `--${name}`].map((each) => `\\fB${toRoff(each)}\\fR`).join(", ");
      return `.TP\n${names}${value ? ` \\fI${toRoff(value)}\\fR` : ""}\n${lines(help)}\n`;
    })
    .join("");
}

function lines(text: string): string {
  return toRoff(text).replaceAll("\n", "\n.br\n");
}

function preformatted(text: string): string {
  return `.PP\n.nf\n${toRoff(text)}\n.fi\n`;
}

/** What man(7) would take for a command, or a typesetter for a hyphen. */
function toRoff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1")
    .replaceAll(/^$/gm, ".sp");
}
