// Breaks the code in the ways of `mutants.ts`, one at a time, runs the tests of that place each time, and prints which
// changes no test noticed. `npm run mutants -- src/call` breaks only what begins so.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { root } from "../bench/pages.js";
import { type Mutant, type Place, places } from "./mutants.js";

const jest = join(root, "node_modules/jest/bin/jest.js");
// Longer than any of them takes: a change may make the code wait for ever, which is noticed as well.
const timeoutMs = 300_000;

/** Whether the tests of a place pass, those that are nearest to it first. */
function passes({ tests }: Place): boolean {
  return tests.every((name) => {
    const args = ["--experimental-vm-modules", "--no-warnings", jest, "--bail", "--silent", `build/test/${name}[./]`];
    const options = {
      cwd: root,
      env: { ...process.env, CI: "true" },
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    } as const;
    return spawnSync(process.execPath, args, options).status === 0;
  });
}

/** Runs `work` while the built file is that of the source with the change. */
function withMutant<T>(path: string, [from, to]: Mutant, work: () => T): T {
  const built = join(root, "build", path.replace(/\.ts$/, ".js"));
  const before = readFileSync(built, "utf8");
  const source = readFileSync(join(root, path), "utf8").replace(from, () => to);
  writeFileSync(built, transformSync(source, { loader: "ts", format: "esm", target: "es2022" }).code);
  try {
    return work();
  } finally {
    writeFileSync(built, before);
  }
}

const [chosen = ""] = process.argv.slice(2);
let noticed = 0;
let explained = 0;
const survivors: string[] = [];
for (const [path, place] of Object.entries(places).filter(([each]) => each.startsWith(chosen))) {
  if (!passes(place)) throw new Error(`the tests of ${path} fail without a change`);
  for (const mutant of place.mutants) {
    const [from, to, why] = mutant;
    const survives = withMutant(path, mutant, () => passes(place));
    if (!survives) noticed += 1;
    else if (why) explained += 1;
    const what = `${path}: ${JSON.stringify(from)} → ${JSON.stringify(to)}${why ? ` (${why})` : ""}`;
    if (survives) survivors.push(what);
    console.log(`${survives ? "SURVIVES" : "noticed "} ${what}`);
  }
}
const all = noticed + survivors.length;
console.log(`\n${survivors.length} of ${all} survive, ${explained} of them since nobody could notice:`);
for (const survivor of survivors) console.log(`  ${survivor}`);
console.log(`${((100 * noticed) / (all - explained)).toFixed(1)} % of the others are noticed`);
