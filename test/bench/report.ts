import type { Comparison } from "./compare.js";
import { median } from "./median.js";
import type { Sample } from "./sample.js";

/** Medians over the rounds; `ours` is our CPU time a call divided by its, taken round by round. */
export type Row = Sample & { ours?: number };

export function rowsOf({ samples }: Comparison): Record<string, Row> {
  const rows: Record<string, Row> = {};
  for (const [name, taken] of Object.entries(samples)) {
    const middle = (key: keyof Sample) => median(taken.map((sample) => sample[key]));
    const row: Row = {
      callsPerSecond: middle("callsPerSecond"),
      cpuMicrosPerCall: middle("cpuMicrosPerCall"),
      p50: middle("p50"),
      p99: middle("p99"),
    };
    if (samples.ours && name !== "ours" && name !== "decoding") {
      row.ours = median(
        samples.ours.map((ours, round) => ours.cpuMicrosPerCall / (taken[round]?.cpuMicrosPerCall ?? Number.NaN)),
      );
    }
    rows[name] = row;
  }
  return rows;
}

/** The rows as people read them. */
export function printRows(rows: Record<string, Row>): void {
  const table: Record<string, Record<string, number | string>> = {};
  for (const [name, row] of Object.entries(rows)) {
    table[name] = {
      "calls/s": Math.round(row.callsPerSecond),
      "CPU µs/call": rounded(row.cpuMicrosPerCall, 1),
      "p50 ms": rounded(row.p50, 2),
      "p99 ms": rounded(row.p99, 2),
      "ours ÷ it": row.ours === undefined ? "" : rounded(row.ours, 2),
    };
  }
  console.table(table);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

const notPeers = ["ours", "floor", "decoding"];

/** What our CPU time a call may be of another's, at 64 in flight. */
const limits: readonly { tokens: number; than: string; atMost: number }[] = [
  { tokens: 2, than: "floor", atMost: 1.4 },
  { tokens: 2, than: "grpc-js", atMost: 0.6 },
  { tokens: 2, than: "connect-node", atMost: 0.25 },
  { tokens: 20, than: "grpc-js, our decoder", atMost: 0.85 },
  { tokens: 100, than: "the best peer", atMost: 1.25 },
  { tokens: 1000, than: "the best peer", atMost: 1.25 },
];

export type Goal = { tokens: number; than: string; atMost: number; measured: number };

/** The goals that a run says something about. */
export function goalsOf(comparisons: readonly Comparison[]): Goal[] {
  return limits.flatMap((limit) => {
    const comparison = comparisons.find(({ load }) => load.inFlight === 64 && load.tokens === limit.tokens);
    const rows = comparison ? rowsOf(comparison) : {};
    const peers = Object.keys(rows).filter((name) => !notPeers.includes(name));
    const ratios = (limit.than === "the best peer" ? peers : [limit.than])
      .map((name) => rows[name]?.ours)
      .filter((ratio) => ratio !== undefined);
    return ratios.length === 0 ? [] : [{ ...limit, measured: rounded(Math.max(...ratios), 3) }];
  });
}
