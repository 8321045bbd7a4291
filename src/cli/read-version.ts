import { readFileSync } from "node:fs";

/** The package's version. */
export function readVersion(): string {
  // From dist, where the built command is.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
