import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { candidates, grpcCandidates, grpcWebCandidates, restCandidates } from "./candidates.js";
import { type Comparison, compare, compareHeaps } from "./compare.js";
import { cpuGoals } from "./goals.js";
import { printRows, rowsOf } from "./report.js";
import type { Load } from "./sample.js";

const usage = `npm run bench -- [options]

  --only NAME    only this candidate; can be repeated: ${Object.keys(candidates).join("; ")}
  --load 64x2    only this load: calls in flight, tokens in an answer; can be repeated
  --rounds N     samples of each candidate, default 5
  --quick        3 rounds, a tenth of the calls, no memory
  --json FILE    every sample, for machines`;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    load: { type: "string", multiple: true },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit();
}

const unknown = options.only?.find((name) => !Object.hasOwn(candidates, name));
if (unknown !== undefined) throw new Error(`there is no candidate ${JSON.stringify(unknown)}\n${usage}`);
const chosen = options.only ?? Object.keys(candidates);
const rounds = Number(options.rounds ?? (options.quick ? 3 : 5));

// As many calls as last some seconds with the slowest candidate.
const loads: Load[] = [
  { inFlight: 1, tokens: 2, calls: 5_000 },
  { inFlight: 64, tokens: 2, calls: 20_000 },
  { inFlight: 64, tokens: 20, calls: 10_000 },
  { inFlight: 64, tokens: 100, calls: 4_000 },
  { inFlight: 64, tokens: 1_000, calls: 640 },
];

/** What is compared with each other: the same protocol over the same HTTP. */
const groups = [
  { own: "ours", names: Object.keys(grpcCandidates), maxTokens: 1_000 },
  { own: "ours, gRPC-Web", names: Object.keys(grpcWebCandidates), maxTokens: 100 },
  { own: "ours, REST", names: Object.keys(restCandidates), maxTokens: 100 },
];

const comparisons: Comparison[] = [];
for (const { own, names: all, maxTokens } of groups) {
  for (const load of loads) {
    const { inFlight, tokens } = load;
    // What the decoder takes matters where there is much to decode.
    const names = all.filter((name) => chosen.includes(name) && (name !== "decoding" || tokens >= 100));
    if (names.length === 0 || tokens > maxTokens || (own !== "ours" && inFlight !== 64)) continue;
    if (options.load && !options.load.includes(`${inFlight}x${tokens}`)) continue;
    const calls = options.quick ? load.calls / 10 : load.calls;
    const comparison = await compare(names, { ...load, calls }, rounds);
    comparisons.push(comparison);
    console.log(`\n${inFlight} in flight, ${tokens} tokens, ${rounds} rounds of ${calls} calls`);
    const rows = rowsOf(comparison, own);
    printRows(rows);
    if (rows.decoding && rows.ours) {
      const share = rows.decoding.cpuMicrosPerCall / rows.ours.cpuMicrosPerCall;
      console.log(`decoding's share of our time: ${(share * 100).toFixed(0)} %`);
    }
  }
}

const goals = cpuGoals(comparisons);
if (goals.length > 0) {
  console.log("\nOur CPU time a call, as a multiple of another's, 64 in flight");
  console.table(goals);
}

let heapGrowth: Record<string, number> | undefined;
if (!options.quick && !options.load) {
  const calls = 20_000;
  heapGrowth = await compareHeaps(chosen, { inFlight: 64, tokens: 2, calls });
  console.log(`\nHeap after ${calls} calls and a collection, compared with before, in kB`);
  console.table(
    Object.fromEntries(Object.entries(heapGrowth).map(([name, bytes]) => [name, Math.round(bytes / 1000)])),
  );
}

if (options.json) {
  const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
  writeFileSync(options.json, `${JSON.stringify({ machine, rounds, comparisons, goals, heapGrowth }, null, 2)}\n`);
}
