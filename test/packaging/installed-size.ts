import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.js";

// From build/test/packaging, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What an installation of the package is made of: its name and how many bytes its files have. */
export interface InstalledPart {
  readonly name: string;
  readonly bytes: number;
}

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    dependencies?: Record<string, string>;
  };

/** The package as `npm pack` packs it, and all that comes with it: dependencies, theirs, and the peers they require. */
export function installedParts(): InstalledPart[] {
  const packed = run("npm", ["pack", "--dry-run", "--ignore-scripts", "--json"], root);
  const [{ name, unpackedSize }] = JSON.parse(packed.stdout) as [{ name: string; unpackedSize: number }];
  const parts = new Map([[name, unpackedSize]]);
  const add = (folder: string) => {
    for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {})) {
      if (parts.has(dependency)) continue;
      const place = join(root, "node_modules", dependency);
      parts.set(dependency, bytesIn(place));
      add(place);
    }
  };
  add(root);
  return [...parts].map(([part, bytes]) => ({ name: part, bytes }));
}
