import type { Comparison } from "./compare.js";
import { median } from "./median.js";
import type { Sample } from "./sample.js";
import type { Survival } from "./survival.js";

/** Medians over the rounds; `ours` is the CPU time a call of `own` divided by its, taken round by round. */
export type Row = Sample & { ours?: number };

export function rowsOf({ samples }: Comparison, own = "ours"): Record<string, Row> {
  const ownSamples = samples[own];
  const rows: Record<string, Row> = {};
  for (const [name, taken] of Object.entries(samples)) {
    const middle = (key: keyof Sample) => median(taken.map((sample) => sample[key]));
    const row: Row = {
      callsPerSecond: middle("callsPerSecond"),
      cpuMicrosPerCall: middle("cpuMicrosPerCall"),
      p50: middle("p50"),
      p99: middle("p99"),
    };
    if (ownSamples && name !== own && name !== "decoding") {
      row.ours = median(
        ownSamples.map((ours, round) => ours.cpuMicrosPerCall / (taken[round]?.cpuMicrosPerCall ?? Number.NaN)),
      );
    }
    rows[name] = row;
  }
  return rows;
}

/** How many of the faults a client's call survives. */
export function answered(survival: readonly Survival[], name: string): number {
  return survival.filter(({ outcomes }) => outcomes[name] === "answer").length;
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
