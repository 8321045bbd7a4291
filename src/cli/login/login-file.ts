import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, exitCodes } from "../command-error.js";

/** A login to one instance, as its file keeps it. */
export interface Login {
  readonly url: string;
  readonly clientId: string;
  /** Whose it is, for messages. */
  readonly user: string;
  readonly accessToken: string;
  /** When the access token expires, in ms since 1970, on this machine's clock. */
  readonly expiresAt: number;
  readonly refreshToken?: string | undefined;
  readonly idToken?: string | undefined;
}

const fields = { url: "string", clientId: "string", user: "string", accessToken: "string", expiresAt: "number" };

/** The file of the login to an instance. Instances have a file each. */
export function loginPath(url: string): string {
  const { protocol, host } = new URL(url);
  const name = `${protocol === "https:" ? "" : "http_"}${host}`.replace(/[^\w.-]/g, "_");
  return join(configFolder(), `${name}.json`);
}

/**
 * Reads the login to an instance; `undefined` if there is none, or `url` is none. Throws if others can read it, or if it is
 * not whole.
 */
export function readLogin(url: string): Login | undefined {
  return URL.canParse(url) ? readFile(loginPath(url)) : undefined;
}

/** Every login of this user. */
export function readLogins(): Login[] {
  const names = attempt(() => readdirSync(configFolder())) ?? [];
  return names.flatMap((name) => (name.endsWith(".json") ? (readFile(join(configFolder(), name)) ?? []) : []));
}

/** Keeps a login: a reader meets the one before or this one, whatever happens in between. */
export function writeLogin(login: Login): void {
  const path = loginPath(login.url);
  writeBeside(path, `${JSON.stringify(login)}\n`, (temporary) => renameSync(temporary, path));
}

/** Throws if no login can be kept: better before somebody signs in than after it. */
export function checkFolder(url: string): void {
  writeBeside(loginPath(url), "x".repeat(8192), () => {});
}

/** Writes a temporary file beside a login's, and hands it on. */
function writeBeside(path: string, text: string, use: (temporary: string) => void): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(configFolder(), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx", flush: true });
    use(temporary);
  } catch (error) {
    throw notKept(path, error);
  } finally {
    attempt(() => rmSync(temporary, { force: true }));
  }
}

export function deleteLogin(url: string): void {
  const path = loginPath(url);
  try {
    rmSync(path);
  } catch (error) {
    throw new CommandError(`${path} cannot be deleted (${codeOf(error)}): delete it yourself`, exitCodes.failed);
  }
}

function readFile(path: string): Login | undefined {
  let text: string;
  try {
    // Windows has no such bits; %APPDATA% is the user's alone.
    if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
      const problem = `other users of this machine can open the login in ${path}`;
      throw new CommandError(`${problem}: run chmod 600 on it, then logout and login`, exitCodes.notAllowed);
    }
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw new CommandError(`the login in ${path} cannot be read (${codeOf(error)}): run login again`, exitCodes.failed);
  }
  const login = attempt(() => JSON.parse(text) as Record<string, unknown>);
  if (login && Object.entries(fields).every(([name, type]) => typeof login[name] === type)) {
    return login as unknown as Login;
  }
  throw new CommandError(`the login in ${path} is not whole: run login again`, exitCodes.notAllowed);
}

function configFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  const { homedir } = process.getBuiltinModule("node:os");
  const ofSystem =
    process.platform === "win32"
      ? APPDATA || join(homedir(), "AppData", "Roaming")
      : join(homedir(), process.platform === "darwin" ? "Library/Application Support" : ".config");
  return join(XDG_CONFIG_HOME || ofSystem, "zitadel-refresh-tokens");
}

function notKept(path: string, error: unknown): CommandError {
  const remedy = "make room, or set XDG_CONFIG_HOME to a folder that you can write to";
  return new CommandError(`the login cannot be kept in ${path} (${codeOf(error)}): ${remedy}`, exitCodes.failed);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
