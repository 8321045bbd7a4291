import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Outcome, run } from "./run.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** An empty project of a user, who installed the packed tarball. */
export interface InstalledProject {
  readonly folder: string;
  readonly tarball: string;
  /** Where the package is installed. */
  readonly installed: string;
  write(file: string, text: string): void;
  /** Runs a script of the project, or of a tool of ours, in the project's folder. */
  node(...args: string[]): Outcome;
  remove(): void;
}

/**
 * Packs the package as `npm publish` would, and unpacks it where `npm install` would put it. Its dependencies are
 * links to ours, so that no network is needed.
 */
export function installProject(): InstalledProject {
  // Resolved, since Node resolves links and compares paths.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "installed-")));
  const packed = run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], root);
  if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
  const tarball = join(folder, packed.stdout.trim());
  const unpacked = run("tar", ["-xzf", tarball], folder);
  if (unpacked.status !== 0) throw new Error(`tar failed: ${unpacked.stderr}`);

  const modules = join(folder, "node_modules");
  const installed = join(modules, "zitadel-refresh-tokens");
  cpSync(join(folder, "package"), installed, { recursive: true });
  rmSync(join(folder, "package"), { recursive: true });
  for (const dependency of ["@bufbuild/protobuf", "@connectrpc/connect"]) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true });
    symlinkSync(join(root, "node_modules", dependency), join(modules, dependency), "junction");
  }
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  write("package.json", JSON.stringify({ name: "somebody", private: true }));
  return {
    folder,
    tarball,
    installed,
    write,
    node: (...args) => run(process.execPath, args, folder),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A script of one of our tools. */
export const tool = (path: string) => join(root, "node_modules", path);
