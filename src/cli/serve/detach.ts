import { spawn } from "node:child_process";
import { exitCodes } from "../command-error.js";
import type { Facts } from "./greetings.js";

/**
 * Starts this command again, in the background. Returns what it says when it answers, or its exit code if it did not come
 * so far; it has then said why. `takesInput`: it reads standard input.
 */
export async function detach(takesInput: boolean, signal: AbortSignal): Promise<Facts | number> {
  const [, script = "", ...given] = process.argv;
  const args = given.filter((arg) => arg !== "--detach" && arg !== "--open");
  // Of two options of one name the last counts.
  const child = spawn(process.execPath, [...process.execArgv, script, ...args, "--output", "json"], {
    // A session of its own: the end of this terminal is not its end.
    detached: true,
    windowsHide: true,
    stdio: [takesInput ? "inherit" : "ignore", "pipe", "pipe"],
  });
  child.stderr?.pipe(process.stderr, { end: false });
  signal.addEventListener("abort", () => child.kill(), { once: true });
  const outcome = await new Promise<Facts | number>((resolve, reject) => {
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.endsWith("\n")) resolve(JSON.parse(said));
    });
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? exitCodes.interrupted));
  });
  // What it said before may still be under way; what it says from now on, nobody reads.
  await new Promise((resolve) => setImmediate(resolve));
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
  return outcome;
}
