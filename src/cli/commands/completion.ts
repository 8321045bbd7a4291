import { type Command, type Commands, defineCommand, type Options, programName } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";

// Each asks this program what may stand there: words, one a line, with what they mean after a tab; or ":files".
const ask = `${programName} completion --`;

const scripts = {
  bash: `# bash completion for ${programName}: source it, or let ~/.bashrc eval it.
_zitadel_refresh_tokens() {
  local IFS=$'\\n' cur="\${COMP_WORDS[COMP_CWORD]#=}" words
  words="$(${ask} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1)"
  if [ "$words" = ":files" ]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -F _zitadel_refresh_tokens ${programName}
`,
  zsh: `#compdef ${programName}
# zsh completion: save it as _${programName} in a folder of $fpath, or let ~/.zshrc eval it after compinit.
_${programName}() {
  local -a lines
  lines=("\${(@f)$(${ask} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == :files ]]; then _files; else compadd -- "\${(@)lines%%$'\\t'*}"; fi
}
if [ "$funcstack[1]" = "_${programName}" ]; then _${programName} "$@"; else compdef _${programName} ${programName}; fi
`,
  fish: `# fish completion: save it as ~/.config/fish/completions/${programName}.fish
function __zitadel_refresh_tokens
  set -l lines (${ask} (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  if test "$lines" = ":files"; __fish_complete_path (commandline -ct); else; printf '%s\\n' $lines; end
end
complete -c ${programName} -f -a '(__zitadel_refresh_tokens)'
`,
};

/** Makes the command that completes the words of these, of which it is one. */
export function completionOf(commands: Commands): Command {
  return defineCommand({
    about: "Prints a script by which a shell completes commands, options and their values.",
    arguments: { usage: "SHELL", help: "bash, zsh or fish", choices: Object.keys(scripts) },
    options: {},
    notes: "For bash the example is a line of ~/.bashrc, for zsh one of ~/.zshrc, after compinit.",
    examples: `eval "$(${programName} completion bash)"
eval "$(${programName} completion zsh)"
${programName} completion fish > ~/.config/fish/completions/${programName}.fish`,

    async run({ positionals }) {
      const [shell = "", ...more] = positionals;
      const script = Object.hasOwn(scripts, shell) && more.length === 0 && scripts[shell as keyof typeof scripts];
      if (script) process.stdout.write(script);
      else if (process.argv[3] === "--") process.stdout.write((await complete(commands, positionals)).join("\n"));
      else throw usageError(`completion takes one shell: ${Object.keys(scripts).join(", ")}`);
      return exitCodes.ok;
    },
  });
}

/** What may stand where the last of these words is, which may be unfinished. */
async function complete(commands: Commands, words: readonly string[]): Promise<string[]> {
  // Of --option=value bash makes three words.
  const [name = "", ...rest] = words.filter((word, index) => word !== "=" || index === words.length - 1);
  if (rest.length === 0) return Object.entries(commands).map(([each, { summary }]) => `${each}\t${summary}`);
  const command = Object.hasOwn(commands, name) ? await commands[name]?.load() : undefined;
  if (!command) return [];
  const last = rest.at(-1) ?? "";
  // Other shells leave it one word.
  const [, long, value] = /^(--[\w-]+)=(.*)$/.exec(last) ?? [];
  const [before, current, prefix] = long ? [long, value, `${long}=`] : [rest.at(-2), last, ""];
  const options = Object.entries(command.options as Options);
  const option = options.find(([long, { short }]) => before === `--${long}` || (short && before === `-${short}`))?.[1];
  if (option?.choices) return option.choices.map((choice) => prefix + choice);
  if (option?.value) return /^(?:PATH|FILE)$/.test(option.value) ? [":files"] : [];
  if (command.arguments?.choices && !current?.startsWith("-")) return [...command.arguments.choices];
  return [
    ...options.map(([long, { help, choices }]) => `--${long}\t${choices?.join(", ") ?? help.split(/[;:,] |\n/)[0]}`),
    "--help\tshow help",
  ];
}
