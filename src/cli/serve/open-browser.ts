import { spawn } from "node:child_process";
import { printNote } from "../terminal/messages.js";

const openers: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Opens a URL in the system's browser, or says that the user has to. */
export function openBrowser(url: string): void {
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"];
  const failed = (why: string) => printNote(`no browser was opened (${command}: ${why}): open ${url}`);
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.once("error", ({ code, message }: NodeJS.ErrnoException) => failed(code ?? message));
  child.once("exit", (code) => code && failed(`exit code ${code}`));
  child.unref();
}
