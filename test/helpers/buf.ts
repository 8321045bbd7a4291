import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

// From build/test/helpers, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Runs buf in a folder. It finds protoc-gen-es on the PATH, as it does from an npm script. */
export function buf(cwd: string, ...args: string[]) {
  const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "node_modules/@bufbuild/buf/bin/buf"), ...args],
    { cwd, env },
  );
  return { status, output: `${stdout}${stderr}`, bytes: new Uint8Array(stdout) };
}
