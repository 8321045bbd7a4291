import type { Measured } from "./measure-all.js";
import { rowsOf } from "./report.js";

const start = "<!-- figures -->";
const end = "<!-- /figures -->";

/** The README with what was measured in its place. */
export function withFigures(readme: string, measured: Measured): string {
  const from = readme.indexOf(start) + start.length;
  const to = readme.indexOf(end);
  if (from < start.length || to < from) throw new Error(`README.md has no ${start} and ${end}`);
  return `${readme.slice(0, from)}\n${figures(measured).join("\n")}\n${readme.slice(to)}`;
}

function figures({ grpc, sizes, survival }: Measured): string[] {
  const comparison = grpc.find(({ load }) => load.inFlight === 64 && load.tokens === 2);
  const rows = comparison ? rowsOf(comparison) : {};
  const times = (name: string) => (1 / (rows[name]?.ours ?? Number.NaN)).toFixed(1);
  const kilobytes = (name: string) => Math.round((sizes[name]?.gzip ?? Number.NaN) / 1000);
  const answered = (name: string) => survival.filter(({ outcomes }) => outcomes[name] === "answer").length;
  return [
    "**Why there is a built-in transport.** A call in Node, 64 in flight, takes connect-node " +
      `${times("connect-node")} times and grpc-js ${times("grpc-js")} times our CPU.`,
    `A browser loads ${kilobytes("ours, gRPC-Web")} kB for it, ${kilobytes("connect-web with our generated code")} with ` +
      `connect-web, which then has no token, deadline or repeats yet, and ${kilobytes("@zitadel/client")} with @zitadel/client.`,
    `Of ${survival.length} faults on the way, such as a lost connection or an expired token, a call survives ` +
      `${answered("ours")}, and ${answered("connect-node")} over connect-node alone.`,
    "All figures, and where somebody else is better: [benchmarks](docs/benchmarks.md).",
  ];
}
