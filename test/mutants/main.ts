// Breaks the code in the ways of `mutants.ts`, one at a time, runs the tests of that place each time, and prints which
// changes no test noticed. `npm run mutants -- src/call src/http` breaks only what begins so.
import { availableParallelism } from "node:os";
import { Lane } from "./lane.js";
import { places } from "./mutants.js";

// For the tests of a place before any change; a change may make the code wait for ever, which is noticed as well.
const timeoutMs = 300_000;

const chosen = process.argv.slice(2);
const queue = Object.entries(places).filter(
  ([path]) => chosen.length === 0 || chosen.some((prefix) => path.startsWith(prefix)),
);
let noticed = 0;
let explained = 0;
const survivors: string[] = [];

async function breakPlaces(): Promise<void> {
  const lane = new Lane();
  try {
    for (let next = queue.shift(); next; next = queue.shift()) await breakPlace(lane, ...next);
  } finally {
    lane.end();
  }
}

async function breakPlace(lane: Lane, path: string, place: (typeof places)[string]): Promise<void> {
  const startedAt = performance.now();
  const before = await lane.test(place, timeoutMs);
  if (!before.passed) {
    console.log(`UNKNOWN  ${path}: its tests fail without a change: ${before.because}`);
    process.exitCode = 1;
    return;
  }
  // Ten times what they take: a busy machine is not taken for a change that was noticed.
  const tenfold = Math.ceil(10 * (performance.now() - startedAt));
  for (const mutant of place.mutants) {
    const [from, to, why] = mutant;
    const { passed, because } = await lane.withMutant(path, mutant, () => lane.test(place, tenfold));
    if (!passed) noticed += 1;
    else if (why) explained += 1;
    const what = `${path}: ${JSON.stringify(from)} → ${JSON.stringify(to)}${why ? ` (${why})` : ""}`;
    if (passed) survivors.push(what);
    console.log(passed ? `SURVIVES ${what}` : `noticed  ${what}\n           by ${because}`);
  }
}

// Tests wait more than they compute.
await Promise.all(Array.from({ length: 2 * availableParallelism() }, breakPlaces));
const all = noticed + survivors.length;
console.log(`\n${survivors.length} of ${all} survive, ${explained} of them since nobody could notice:`);
for (const survivor of survivors) console.log(`  ${survivor}`);
console.log(`${((100 * noticed) / (all - explained)).toFixed(1)} % of the others are noticed`);
