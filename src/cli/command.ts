export const programName = "zitadel-refresh-tokens";

/** An option of a command: what `parseArgs` has to know, and what the help and shells tell of it. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What its value is, such as `PATH`. Only of an option that takes one. */
  readonly value?: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  /** What the help says of it. Lines are broken to fit. */
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O extends { readonly choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** What a command line says. */
export interface Given<O extends Options> {
  readonly values: {
    readonly [Name in keyof O]?: O[Name] extends { readonly multiple: true } ? ValueOf<O[Name]>[] : ValueOf<O[Name]>;
  };
  /** The arguments that are no options. Empty unless the command takes any. */
  readonly positionals: readonly string[];
}

/** One command: what its help says, the options that it takes, and what it does. */
export interface Command<O extends Options = Options> {
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** Its arguments, as the help has them. Default: it takes none but options. */
  readonly arguments?: {
    readonly usage: string;
    readonly help: string;
    /** The only words that shells complete; the command checks them. */
    readonly choices?: readonly string[];
  };
  readonly options: O;
  /** What else its users should know. */
  readonly notes?: string;
  /** Terms with what they mean, below the notes. */
  readonly terms?: Readonly<Record<string, string>>;
  /** Command lines that work, one a line. */
  readonly examples: string;
  /** Does it, and returns the exit code; `signal` is the user's Ctrl+C. Loads only here what takes time to load. */
  run(given: Given<O>, signal: AbortSignal): Promise<number>;
}

/** Commands by their names, with what each does in a few words. */
export type Commands = Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>>;

/** Gives `run` the types of the command's own options. */
export function defineCommand<const O extends Options>(command: Command<O>): Command {
  return command as unknown as Command;
}
