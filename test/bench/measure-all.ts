import { cpus } from "node:os";
import { measurePages, type Visit } from "./browser.js";
import { grpcCandidates, grpcWebCandidates } from "./candidates.js";
import { type CommandTimes, measureCommand } from "./command.js";
import { type Comparison, compare, compareFirstCalls, compareHeaps } from "./compare.js";
import { measureUsers, type UserHeap } from "./measure-users.js";
import type { Load } from "./sample.js";
import { measureSizes, type Size } from "./sizes.js";
import { measureSurvival, type Survival } from "./survival.js";

/** All that `docs/benchmarks.md` tells, as it was measured. */
export type Measured = {
  readonly date: string;
  readonly effort: Effort;
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly node: string; readonly browser: string };
  readonly versions: Record<string, string>;
  readonly grpc: readonly Comparison[];
  readonly grpcWeb: readonly Comparison[];
  readonly growth: readonly Comparison[];
  readonly firstCalls: Record<string, number[]>;
  readonly heapGrowth: Record<string, number>;
  readonly users: readonly UserHeap[];
  readonly command: readonly CommandTimes[];
  readonly sizes: Record<string, Size>;
  readonly visits: Record<string, Visit[]>;
  readonly survival: readonly Survival[];
};

/** How much is measured: samples of each client, and the share of all calls. */
export type Effort = { readonly rounds: number; readonly share: number };

// 512 answers of 1,000 tokens at a time are 100 MB, which some do not get through within their deadline.
// As many calls as show the medians, and thrice as many at 64 in flight, where the marks are.
const loads: Load[] = [2, 20, 100, 1_000].flatMap((tokens) =>
  [1, 8, 64, ...(tokens < 1_000 ? [512] : [])].map((inFlight) => {
    const calls = { 2: 1_000, 20: 700, 100: 250, 1000: 50 }[tokens] ?? 0;
    return {
      inFlight,
      tokens,
      calls: Math.max(inFlight, inFlight === 1 ? calls / 2 : inFlight === 64 ? calls * 3 : calls),
    };
  }),
);
const growthLoads: Load[] = [1, 10, 100, 1_000, 10_000].map((tokens) => ({
  inFlight: 8,
  tokens,
  calls: Math.max(8, Math.round(5_000 / (10 + tokens))),
}));

export async function measureAll(
  nodes: readonly string[],
  versions: Record<string, string>,
  { rounds, share }: Effort,
  tell: (line: string) => void,
): Promise<Measured> {
  const grpc = Object.keys(grpcCandidates).filter((name) => name !== "decoding");
  const grpcWeb = Object.keys(grpcWebCandidates);
  const scaled = (load: Load) => ({ ...load, calls: Math.max(load.inFlight, Math.ceil(load.calls * share)) });
  const compareAll = async (names: readonly string[], list: readonly Load[]) => {
    const comparisons: Comparison[] = [];
    for (const load of list) {
      tell(`${names.length} clients, ${load.inFlight} in flight, ${load.tokens} tokens`);
      comparisons.push(await compare(names, scaled(load), rounds));
    }
    return comparisons;
  };
  const [cpu] = cpus();
  // What is over soon comes first: a mistake in it does not cost the minutes of the rest.
  tell("the command");
  const command = await measureCommand(nodes, Math.max(7, Math.ceil(15 * share)));
  tell("faults");
  const survival = await measureSurvival();
  tell("bundles and Chromium");
  const sizes = await measureSizes();
  const { browser, visits } = await measurePages(Math.max(5, Math.ceil(15 * share)));
  const comparisons = {
    grpc: await compareAll(grpc, loads),
    grpcWeb: await compareAll(
      grpcWeb,
      loads.filter(({ inFlight, tokens }) => inFlight === 64 && tokens <= 100),
    ),
    growth: await compareAll(["ours", "floor", "grpc-js", "connect-node", "protobuf-ts"], growthLoads),
  };
  tell("first calls over TLS");
  const firstCalls = await compareFirstCalls(
    grpc.filter((name) => name !== "floor"),
    rounds,
  );
  tell("memory");
  const heapGrowth = await compareHeaps(grpc, { inFlight: 64, tokens: 2, calls: Math.ceil(20_000 * share) });
  const users = await measureUsers(share < 0.1 ? [1_000] : [1_000, 100_000]);
  return {
    date: new Date().toISOString().slice(0, 10),
    effort: { rounds, share },
    machine: { cpu: cpu?.model ?? "unknown", cpus: cpus().length, node: process.version, browser },
    versions,
    ...comparisons,
    firstCalls,
    heapGrowth,
    users,
    command,
    sizes,
    visits,
    survival,
  };
}
