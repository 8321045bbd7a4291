import { defineCommand } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";

const shells = ["bash", "zsh", "fish"] as const;

export const completion = defineCommand({
  about: "Prints a script by which a shell completes commands, options and their values.",
  arguments: { usage: "SHELL", help: "bash, zsh or fish", choices: shells },
  options: {},
  examples: `eval "$(zitadel-refresh-tokens completion bash)"    # in ~/.bashrc
eval "$(zitadel-refresh-tokens completion zsh)"     # in ~/.zshrc, after compinit
zitadel-refresh-tokens completion fish > ~/.config/fish/completions/zitadel-refresh-tokens.fish`,

  async run({ positionals }) {
    const shell = shells.find((each) => each === positionals[0]);
    if (!shell || positionals.length > 1) throw usageError(`completion takes one shell: ${shells.join(", ")}`);
    const { completionFor } = await import("../help/completion.js");
    const { loadCommands } = await import("../help/load-commands.js");
    process.stdout.write(completionFor[shell](await loadCommands()));
    return exitCodes.ok;
  },
});
