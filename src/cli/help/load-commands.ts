import type { Command } from "../command.js";
import { commands } from "../commands.js";

/** A command with its name, as those who tell of all of them need it. */
export interface NamedCommand {
  readonly name: string;
  readonly summary: string;
  readonly command: Command;
}

/** Loads every command. */
export async function loadCommands(): Promise<NamedCommand[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([name, { summary, load }]) => ({ name, summary, command: await load() })),
  );
}
