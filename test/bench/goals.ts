import { isPeer } from "./candidates.js";
import type { Comparison } from "./compare.js";
import type { Measured } from "./measure-all.js";
import { rowsOf } from "./report.js";

/** A mark and what was measured. */
export type Goal = { what: string; atMost: number; measured: number };

/** What our CPU time a call may be of another's, at 64 in flight. */
const limits: readonly { tokens: number; own?: string; than: string; atMost: number }[] = [
  { tokens: 2, than: "floor", atMost: 1.25 },
  { tokens: 2, than: "grpc-js", atMost: 0.5 },
  { tokens: 2, than: "connect-node", atMost: 0.22 },
  { tokens: 20, than: "grpc-js", atMost: 0.55 },
  { tokens: 100, than: "the best peer", atMost: 1.1 },
  { tokens: 1000, than: "the best peer", atMost: 1.1 },
  { tokens: 2, own: "ours, gRPC-Web", than: "connect-web", atMost: 0.35 },
  { tokens: 20, own: "ours, gRPC-Web", than: "connect-web", atMost: 0.4 },
  { tokens: 100, own: "ours, gRPC-Web", than: "connect-web", atMost: 0.65 },
  { tokens: 2, own: "ours, REST", than: "fetch and JSON.parse", atMost: 0.6 },
];

/** The marks of CPU time that comparisons say something about. */
export function cpuGoals(comparisons: readonly Comparison[]): Goal[] {
  return limits.flatMap(({ tokens, own = "ours", than, atMost }) => {
    const comparison = comparisons.find(
      ({ load, samples }) => load.inFlight === 64 && load.tokens === tokens && Object.hasOwn(samples, own),
    );
    const rows = comparison ? rowsOf(comparison, own) : {};
    const peers = Object.keys(rows).filter(isPeer);
    const ratios = (than === "the best peer" ? peers : [than])
      .map((name) => rows[name]?.ours)
      .filter((ratio) => ratio !== undefined);
    if (ratios.length === 0) return [];
    const what = own === "ours" ? "CPU" : `CPU of ${own}`;
    return [
      { what: `${what} ÷ ${than}'s, 64 in flight, ${tokens} tokens`, atMost, measured: round(Math.max(...ratios)) },
    ];
  });
}

/** All marks. */
export function goalsOf({ grpc, grpcWeb, sizes, command }: Measured): Goal[] {
  const size = Object.entries(sizes).flatMap(([name, { gzip, limit }]) =>
    limit === undefined
      ? []
      : [{ what: `bundle, ${name}, kB gzip`, atMost: limit / 1000, measured: round(gzip / 1000) }],
  );
  const times = command.flatMap(({ node, empty, help, list }) => [
    { what: `\`--help\` ÷ an empty program, Node ${node}`, atMost: 1.25, measured: round(help / empty) },
    { what: `\`list\` ÷ an empty program, Node ${node}`, atMost: 2, measured: round(list / empty) },
  ]);
  return [...cpuGoals([...grpc, ...grpcWeb]), ...size, ...times];
}

function round(value: number): number {
  return Number(value.toFixed(3));
}
