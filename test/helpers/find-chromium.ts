import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

function candidates(env: NodeJS.ProcessEnv): string[] {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const onPath = commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  const onMac = ["Google Chrome", "Chromium", "Microsoft Edge"].map(
    (app) => `/Applications/${app}.app/Contents/MacOS/${app}`,
  );
  const onWindows = [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) =>
      ["Google\\Chrome", "Chromium", "Microsoft\\Edge"].map((app) => `${folder}\\${app}\\Application`),
    )
    .flatMap((folder) => ["chrome.exe", "msedge.exe"].map((program) => `${folder}\\${program}`));
  return [...onPath, ...onMac, ...onWindows];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The path of a Chromium: `CHROMIUM_PATH`, or a known command on the PATH, or where macOS and Windows keep theirs. A
 * `CHROMIUM_PATH` that is no program is a mistake to tell, not a reason to take another browser.
 */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env.CHROMIUM_PATH;
  if (named === undefined || named === "") return candidates(env).find(isProgram);
  if (!isProgram(named)) throw new Error(`CHROMIUM_PATH names no program: ${named}`);
  return named;
}
