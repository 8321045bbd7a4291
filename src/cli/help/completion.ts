import type { Option } from "../command.js";
import { programName } from "./format-help.js";
import type { NamedCommand } from "./load-commands.js";

/** Makes the script by which a shell completes the command's words, from the tables that the help is made of. */
export const completionFor: Record<"bash" | "zsh" | "fish", (commands: readonly NamedCommand[]) => string> = {
  bash,
  zsh,
  fish,
};

function bash(commands: readonly NamedCommand[]): string {
  const values = commands.flatMap(({ name, command }) =>
    Object.entries(command.options)
      .filter(([, option]) => option.type === "string")
      .map(([long, option]) => {
        const patterns = [`--${long}`, ...(option.short ? [`-${option.short}`] : [])];
        return `    ${patterns.map((each) => `"${name} ${each}"`).join(" | ")}) ${bashValue(option)} ;;`;
      }),
  );
  const words = commands.map(({ name, command }) => {
    const names = [...Object.keys(command.options), "help"].map((long) => `--${long}`);
    const { choices } = command.arguments ?? {};
    const instead = choices ? ` if [[ $cur != -* ]]; then words="${choices.join(" ")}"; fi` : "";
    return `    ${name}) words="${names.join(" ")}"${instead && `;${instead}`} ;;`;
  });
  return `# bash completion for ${programName}: source it, or let ~/.bashrc eval it.
_zitadel_refresh_tokens() {
  local IFS=$' \\t\\n' words="" cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$cur"))
    return
  fi
  # Of --option=value bash makes three words.
  if [ "$cur" = "=" ]; then cur=""
  elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  case "\${COMP_WORDS[1]} $prev" in
${values.join("\n")}
  esac
  case "\${COMP_WORDS[1]}" in
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _zitadel_refresh_tokens ${programName}
`;
}

function bashValue(option: Option): string {
  if (option.choices) return `COMPREPLY=($(compgen -W "${option.choices.join(" ")}" -- "$cur")); return`;
  if (isFile(option)) {
    return `IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return`;
  }
  return "return";
}

function zsh(commands: readonly NamedCommand[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, command }) => {
    const specs = Object.entries(command.options).map(([long, option]) => zshOption(long, option));
    const choices = command.arguments?.choices;
    if (choices) specs.push(quote(`1:${command.arguments?.usage}:(${choices.join(" ")})`));
    return `    ${name})\n      _arguments -s ${["'(-h --help)'{-h,--help}'[show help]'", ...specs].join(" \\\n        ")}\n      ;;`;
  });
  return `#compdef ${programName}
# zsh completion: save it as _${programName} in a folder of $fpath, or let ~/.zshrc eval it after compinit.
_${programName}() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_${programName}" ]; then
  _${programName} "$@"
else
  compdef _${programName} ${programName}
fi
`;
}

function zshOption(long: string, option: Option): string {
  const { short, multiple, value, choices } = option;
  const names = [...(short ? [`-${short}`] : []), `--${long}`];
  const completed = choices ? `(${choices.join(" ")})` : isFile(option) ? "_files" : " ";
  const taken = value ? `:${value}:${completed}` : "";
  const text = quote(`[${summaryOf(option).replaceAll(/[[\]:\\]/g, "\\$&")}]${taken}`);
  const head = multiple ? "'*'" : names.length > 1 ? `'(${names.join(" ")})'` : "";
  return `${head}${names.length > 1 ? `{${names.join(",")}}` : names[0]}${text}`;
}

function fish(commands: readonly NamedCommand[]): string {
  const start = `complete -c ${programName}`;
  const lines = commands.flatMap(({ name, summary, command }) => [
    `${start} -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ...(command.arguments?.choices
      ? [`${start} -n '__fish_seen_subcommand_from ${name}' -a ${quote(command.arguments.choices.join(" "))}`]
      : []),
    ...Object.entries(command.options).map(([long, option]) => {
      const { short, choices } = option;
      const value = choices ? `-x -a ${quote(choices.join(" "))}` : isFile(option) ? "-r -F" : "-x";
      const names = `${short ? `-s ${short} ` : ""}-l ${long}`;
      const taken = option.type === "string" ? ` ${value}` : "";
      return `${start} -n '__fish_seen_subcommand_from ${name}' ${names}${taken} -d ${quote(summaryOf(option))}`;
    }),
  ]);
  return `# fish completion: save it as ~/.config/fish/completions/${programName}.fish
${start} -f
${start} -s h -l help -d 'show help'
${lines.join("\n")}
`;
}

function isFile({ value }: Option): boolean {
  return value === "PATH" || value === "FILE";
}

/** The first of what the help says, on one line. */
function summaryOf({ help, choices }: Option): string {
  return choices ? choices.join(", ") : (help.replaceAll("\n", " ").split(/[;:,] /)[0] as string);
}

// For any of the three shells: an apostrophe becomes a typographic one, and none of our texts holds a backslash.
function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
