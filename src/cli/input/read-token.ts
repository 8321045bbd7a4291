import { realpathSync, statSync } from "node:fs";
import { usageError } from "../command-error.js";
import { printWarning } from "../terminal/messages.js";
import { expandHome, readTextFile } from "./read-text-file.js";

/** The user's access token, and where it comes from, for messages. */
export interface FoundToken {
  readonly value: string;
  readonly source: string;
  /** Why it cannot be one, with the remedy; without any part of it. */
  readonly mistake?: string;
  /** Only of a login. */
  readonly idToken?: string | undefined;
  /** Only of a login: gets the next token after ZITADEL refused this one, and waits until that is kept. */
  readonly renewal?: { run(): Promise<string>; finished(): Promise<void> };
}

// The longest token that the library takes, in UTF-16, and a line break.
const maxBytes = 2 * 16 * 1024 + 8;

/** Finds the access token: in `--token-file`, else in ZITADEL_TOKEN or the file that ZITADEL_TOKEN_FILE names, if any. */
export async function readToken(option: string | undefined, signal: AbortSignal): Promise<FoundToken | undefined> {
  const { ZITADEL_TOKEN: value, ZITADEL_TOKEN_FILE: path } = process.env;
  if (option !== undefined) return await readTokenFile("--token-file", option, signal);
  if (value && path) throw usageError("ZITADEL_TOKEN and ZITADEL_TOKEN_FILE are both set: unset one of them");
  if (value) return toToken(value, "ZITADEL_TOKEN");
  if (path) return await readTokenFile("ZITADEL_TOKEN_FILE", path, signal);
  return undefined;
}

/** Reads the token from a file, `-` for standard input. */
export async function readTokenFile(option: string, path: string, signal: AbortSignal): Promise<FoundToken> {
  const text = await readTextFile(option, path, maxBytes, signal);
  if (path !== "-") warnIfShared(option, expandHome(path));
  return toToken(text, path === "-" ? "standard input" : path);
}

async function toToken(text: string, source: string): Promise<FoundToken> {
  // Files end in a line break, and so do variables that were filled from one; a token does not.
  const value = text.replace(/[\r\n]+$/, "");
  // When it is needed: it takes longer to load than all the rest.
  const { createAuthClient } = await import("../../node.js");
  try {
    // Any URL. The library knows what a token is mistaken for, and opens nothing yet.
    void createAuthClient({ baseUrl: "https://localhost", token: value }).close();
    return { value, source };
  } catch (error) {
    return { value, source, mistake: (error as TypeError).message.replace(/^token/, `the token in ${source}`) };
  }
}

function warnIfShared(option: string, path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  // Windows has no such bits.
  if (process.platform === "win32" || !stat?.isFile() || (stat.mode & 0o077) === 0) return;
  // Secrets that Kubernetes (by way of ..data) or Docker mounts: their modes say nothing, and nobody can change them.
  if (/\/\.\.|^\/run\/secrets\//.test(realpathSync(path))) return;
  printWarning(`${option}: other users of this machine can open ${path}: run chmod 600 on it`);
}
