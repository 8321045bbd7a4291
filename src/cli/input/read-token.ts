import { statSync } from "node:fs";
import { usageError } from "../command-error.js";
import { printWarning } from "../terminal/messages.js";
import { readTextFile } from "./read-text-file.js";

/** The user's access token, and where it comes from, for messages. */
export interface FoundToken {
  readonly value: string;
  readonly source: string;
}

// The longest token that the library takes, and a line break.
const maxBytes = 16 * 1024 + 2;

/**
 * Finds the access token: in `--token-file`, else in ZITADEL_TOKEN, else in the file that ZITADEL_TOKEN_FILE names.
 * `undefined` if there is none of them.
 */
export async function readToken(option: string | undefined, signal: AbortSignal): Promise<FoundToken | undefined> {
  const { ZITADEL_TOKEN: value, ZITADEL_TOKEN_FILE: path } = process.env;
  if (option !== undefined) return await readTokenFile("--token-file", option, signal);
  if (value) return { value, source: "ZITADEL_TOKEN" };
  if (path) return await readTokenFile("ZITADEL_TOKEN_FILE", path, signal);
  return undefined;
}

async function readTokenFile(option: string, path: string, signal: AbortSignal): Promise<FoundToken> {
  if (path !== "-") warnIfShared(option, path);
  // Files end in a line break; a token does not.
  const value = (await readTextFile(option, path, maxBytes, signal)).replace(/\r?\n$/, "");
  const source = path === "-" ? "standard input" : path;
  if (value === "") throw usageError(`${option}: ${source} is empty`);
  return { value, source };
}

function warnIfShared(option: string, path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  // Windows has no such bits.
  if (process.platform === "win32" || !stat?.isFile() || (stat.mode & 0o077) === 0) return;
  printWarning(`${option}: other users of this machine can open ${path}: run chmod 600 on it`);
}
