import type { Measured } from "./measure-all.js";
import { answered, rowsOf } from "./report.js";

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
  const times = (name: string, atTokens: number) => {
    const comparison = grpc.find(({ load }) => load.inFlight === 64 && load.tokens === atTokens);
    return (1 / ((comparison && rowsOf(comparison)[name]?.ours) ?? Number.NaN)).toFixed(1);
  };
  const kilobytes = (name: string) => Math.round((sizes[name]?.gzip ?? Number.NaN) / 1000);
  return [
    "**Why there is a built-in transport.** In Node, with 64 calls in flight that list 2 tokens each, connect-node takes",
    `${times("connect-node", 2)} times our CPU time and grpc-js ${times("grpc-js", 2)} times (with 100 tokens each: ` +
      `${times("connect-node", 100)} and ${times("grpc-js", 100)}).`,
    `A browser loads ${kilobytes("ours, gRPC-Web")} kB for a call, ${kilobytes("connect-web with our generated code")} with ` +
      `connect-web, which has no token, deadline or retries yet, and ${kilobytes("@zitadel/client")} with @zitadel/client.`,
    `Of ${survival.length} faults on the way, such as a lost connection or an expired token, a call survives ` +
      `${answered(survival, "ours")}, and ${answered(survival, "connect-node")} with connect-node alone.`,
    "All figures, and where others are ahead: [benchmarks](docs/benchmarks.md).",
  ];
}
