import { createReadStream } from "node:fs";
import { usageError } from "../command-error.js";

/**
 * Reads a file that an option names, `-` for standard input, of at most so many bytes. Throws a usage error with the
 * system's code, such as ENOENT.
 */
export async function readTextFile(
  option: string,
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const name = path === "-" ? "standard input" : path;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of path === "-" ? standardInput(signal) : createReadStream(expandHome(path), { signal })) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length > maxBytes) break;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw usageError(`${option}: ${name} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  signal.throwIfAborted();
  if (length > maxBytes) throw usageError(`${option}: ${name} is larger than ${maxBytes} bytes`);
  return Buffer.concat(chunks).toString("utf8");
}

/** Puts the home folder in for `~`, as shells do; but not in quotes, after `--option=` and in env files. */
export function expandHome(path: string): string {
  // Loaded only here: --help does not wait for it.
  return path.replace(/^~(?=[\\/])/, () => process.getBuiltinModule("node:os").homedir());
}

/** Standard input, which ends when the user interrupts the command. */
function standardInput(signal: AbortSignal): NodeJS.ReadStream {
  const { stdin } = process;
  signal.addEventListener("abort", () => stdin.destroy(), { once: true });
  return stdin;
}
