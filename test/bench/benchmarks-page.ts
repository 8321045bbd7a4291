import { isPeer } from "./candidates.js";
import { barChart, lineChart } from "./chart.js";
import type { Comparison } from "./compare.js";
import { type Goal, goalsOf } from "./goals.js";
import type { Measured } from "./measure-all.js";
import { median } from "./median.js";
import { answered, type Row, rowsOf } from "./report.js";

/** The page and its charts by file name, all from what was measured. */
export function benchmarksPage(measured: Measured): { markdown: string; charts: Record<string, string> } {
  const charts = {
    "cpu.svg": barChart(
      "CPU time a call: gRPC in Node, 64 in flight, 2 tokens",
      "µs",
      mapValues(rowsAt(measured.grpc, 64, 2), (row) => row.cpuMicrosPerCall),
    ),
    "size.svg": barChart(
      "What a browser loads for one gRPC-Web call, gzip",
      "kB",
      mapValues(measured.sizes, ({ gzip }) => gzip / 1000),
    ),
    "growth.svg": lineChart(
      "CPU time a call ÷ ours, as the list grows, 8 in flight",
      { x: "tokens", y: "× ours" },
      growth(measured),
    ),
  };
  const sections = [
    inShort(measured),
    whereOthersAreAhead(measured),
    howItWasMeasured(measured),
    grpcInNode(measured),
    grpcWebInNode(measured),
    faults(measured),
    asTheListGrows(measured),
    firstCalls(measured),
    memory(measured),
    command(measured),
    inABrowser(measured),
    ["## This project's own marks", "", ...marks(goalsOf(measured))],
  ];
  return { markdown: `${["# Benchmarks", ...sections.map((lines) => lines.join("\n"))].join("\n\n")}\n`, charts };
}

/** Against whom, and by how much. */
function inShort(measured: Measured): string[] {
  const { grpc, sizes, visits, survival } = measured;
  const loads = grpc.filter(({ load }) => load.inFlight === 64);
  const peers = Object.keys(loads[0] ? rowsOf(loads[0]) : {}).filter(isPeer);
  const script = (name: string) => median((visits[name] ?? []).map((visit) => visit.script)).toFixed(0);
  return [
    "How much CPU time another client takes for a call, compared with this package (1.5: half as much again). gRPC in Node, 64 calls in flight:",
    "",
    ...table(
      ["client", ...loads.map(({ load }) => `${load.tokens.toLocaleString("en")} tokens`)],
      peers.map((name) => [name, ...loads.map((comparison) => timesOurs(rowsOf(comparison)[name]))]),
    ),
    "",
    "What a browser loads for a call over gRPC-Web:",
    "",
    ...table(
      ["page", "gzip kB", "script ms"],
      sorted(mapValues(sizes, ({ gzip }) => gzip)).map(([name, gzip]) => [
        name,
        (gzip / 1000).toFixed(1),
        script(name),
      ]),
    ),
    "",
    `Of ${survival.length} [faults on the way](#faults-on-the-way) a call survives ${answered(survival, "ours")} with this package, and ${answered(survival, "connect-node")} with connect-node alone.`,
  ];
}

function whereOthersAreAhead({ grpc, grpcWeb, sizes, visits, firstCalls, heapGrowth }: Measured): string[] {
  const scripts = mapValues(visits, (each) => median(each.map(({ script }) => script)));
  return [
    "## Where others are ahead",
    "",
    ...grpc.flatMap((comparison) => ahead(comparison, "gRPC", "ours")),
    ...grpcWeb.flatMap((comparison) => ahead(comparison, "gRPC-Web", "ours, gRPC-Web")),
    ...less(
      "Size of the script",
      mapValues(sizes, ({ gzip }) => gzip / 1000),
      "ours, gRPC-Web",
      "kB",
    ),
    ...less("Time of the script", scripts, "ours, gRPC-Web", "ms"),
    ...less("First call over TLS", mapValues(firstCalls, median), "ours", "ms"),
    ...less(
      "Heap after many calls",
      mapValues(heapGrowth, (bytes) => bytes / 1000),
      "ours",
      "kB",
    ),
  ];
}

/** A line of the peers that take less CPU than ours under a load, if there are any. */
function ahead(comparison: Comparison, protocol: string, own: string): string[] {
  const { inFlight, tokens } = comparison.load;
  const better = Object.entries(rowsOf(comparison, own)).filter(([name, { ours = 0 }]) => isPeer(name) && ours > 1);
  if (better.length === 0) return [];
  const names = better.map(([name, row]) => `${name} (${timesOurs(row)} × ours)`).join(", ");
  return [`- CPU of ${protocol}, ${inFlight} in flight, ${tokens.toLocaleString("en")} tokens: ${names}.`];
}

/** A line of those that need less of something than ours, if there are any. */
function less(what: string, values: Record<string, number>, own: string, unit: string): string[] {
  const ours = values[own] ?? Number.NaN;
  const better = sorted(values).filter(([name, value]) => isPeer(name) && value < ours);
  if (better.length === 0) return [];
  const names = better.map(([name, value]) => `${name} ${value.toFixed(1)}`).join(", ");
  return [`- ${what}: ${names}; ours ${ours.toFixed(1)} ${unit}.`];
}

function howItWasMeasured({ date, effort, machine, versions }: Measured): string[] {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "## How it was measured",
    "",
    "`npm run bench:docs` made this page. No number here was written by hand. `benchmarks.json` beside it in the repository has every sample.",
    "",
    `${date}, Node ${machine.node}, ${machine.browser}, ${machine.cpus} × ${machine.cpu}; ${effort.rounds} rounds, ${effort.share * 100} % of the calls.`,
    `${list.join(", ")}.`,
    "",
    "Each client runs in a process of its own. One server in another process sends canned answers. The clients take turns, every other round in",
    "reverse order. Figures are medians of the rounds; ratios are taken round by round. On a shared machine trust the ratios, not the absolute numbers.",
    "*ours* has a token, a deadline and retries on. *floor* is `node:http2` and the decoder and nothing else: no client can cost less.",
    "",
    "grpc-web's generator is a program of its own, so its row uses ts-proto's messages instead of google-protobuf's. protobuf-ts is generated with",
    "`optimize_for = SPEED`. grpc-js, nice-grpc and grpc-web decode with ts-proto's code unless a row says otherwise.",
  ];
}

function grpcInNode({ grpc }: Measured): string[] {
  const tables = grpc.map((comparison) => loadTable(comparison));
  return ["## gRPC in Node", "", "![CPU time a call](images/cpu.svg)", ...tables.flat()];
}

function grpcWebInNode({ grpcWeb }: Measured): string[] {
  return [
    "## gRPC-Web in Node",
    "",
    "Over HTTP/1.1. *ours* uses `node:http`, the others Node's `fetch`.",
    ...grpcWeb.flatMap((comparison) => loadTable(comparison, "ours, gRPC-Web")),
  ];
}

function faults({ survival }: Measured): string[] {
  return [
    "## Faults on the way",
    "",
    "The first request meets the fault, the next ones do not. Each client has its defaults and a deadline of 2 s. The call ends with:",
    "",
    ...table(
      ["fault", ...Object.keys(survival[0]?.outcomes ?? {})],
      survival.map(({ fault, outcomes }) => [fault, ...Object.values(outcomes)]),
    ),
  ];
}

function asTheListGrows(measured: Measured): string[] {
  return [
    "## As the list grows",
    "",
    "![CPU time compared with ours, by tokens](images/growth.svg)",
    "",
    ...table(
      ["tokens", ...Object.keys(growth(measured))],
      measured.growth.map((comparison) => [
        comparison.load.tokens.toLocaleString("en"),
        ...Object.values(rowsOf(comparison)).map((row) => `${Math.round(row.cpuMicrosPerCall)} µs`),
      ]),
    ),
  ];
}

function firstCalls({ firstCalls }: Measured): string[] {
  return [
    "## First call over TLS",
    "",
    "From a new client to its first answer, with TCP, TLS and HTTP/2, without loading the module.",
    "",
    ...table(
      ["client", "median ms", "calls"],
      sorted(mapValues(firstCalls, median)).map(([name, ms]) => [
        name,
        ms.toFixed(2),
        String(firstCalls[name]?.length),
      ]),
    ),
  ];
}

function memory({ effort, heapGrowth, users }: Measured): string[] {
  return [
    "## Memory",
    "",
    `By how much the heap grows in ${(20_000 * effort.share).toLocaleString("en")} calls, after a collection:`,
    "",
    ...table(
      ["client", "kB"],
      sorted(heapGrowth).map(([name, bytes]) => [name, String(Math.round(bytes / 1000))]),
    ),
    "",
    "Heap for each user of one client by `withToken`, after a call of each, while all are kept:",
    "",
    ...table(
      ["users", "heap a user"],
      users.map(({ users, bytesPerUser }) => [users.toLocaleString("en"), `${Math.round(bytesPerUser)} bytes`]),
    ),
  ];
}

function command({ command }: Measured): string[] {
  return [
    "## The command",
    "",
    "From start to exit, as a multiple of an empty program on the same Node:",
    "",
    ...table(
      ["Node", "empty", "`--help`", "`list`"],
      command.map(({ node, empty, help, list }) => [
        node,
        `${Math.round(empty)} ms`,
        `${(help / empty).toFixed(2)} (${Math.round(help)} ms)`,
        `${(list / empty).toFixed(2)} (${Math.round(list)} ms)`,
      ]),
    ),
  ];
}

function inABrowser({ sizes, visits }: Measured): string[] {
  return [
    "## In a browser",
    "",
    "![Size of the script](images/size.svg)",
    "",
    `Script: fetched from this machine, compiled and run, without a cache. Median of ${Object.values(visits)[0]?.length} visits.`,
    "",
    ...table(
      ["page", "minified kB", "gzip kB", "script ms", "first call ms"],
      sorted(mapValues(sizes, ({ gzip }) => gzip)).map(([name]) => [
        name,
        ((sizes[name]?.minified ?? 0) / 1000).toFixed(1),
        ((sizes[name]?.gzip ?? 0) / 1000).toFixed(1),
        median((visits[name] ?? []).map(({ script }) => script)).toFixed(1),
        median((visits[name] ?? []).map(({ firstCall }) => firstCall)).toFixed(1),
      ]),
    ),
  ];
}

function marks(goals: readonly Goal[]): string[] {
  return table(
    ["what", "at most", "measured", ""],
    goals.map(({ what, atMost, measured }) => [
      what,
      String(atMost),
      String(measured),
      measured <= atMost ? "held" : "missed",
    ]),
  );
}

function loadTable(comparison: Comparison, own = "ours"): string[] {
  const { inFlight, tokens } = comparison.load;
  const rows = rowsOf(comparison, own);
  const byCost = Object.entries(rows).sort(([, a], [, b]) => a.cpuMicrosPerCall - b.cpuMicrosPerCall);
  return [
    "",
    `### ${inFlight} in flight, ${tokens.toLocaleString("en")} tokens`,
    "",
    ...table(
      ["client", "its CPU ÷ ours", "CPU µs a call", "calls/s", "p50 ms", "p99 ms"],
      byCost.map(([name, row]) => [
        name,
        timesOurs(row),
        row.cpuMicrosPerCall.toFixed(0),
        row.callsPerSecond.toFixed(0),
        row.p50.toFixed(2),
        row.p99.toFixed(2),
      ]),
    ),
  ];
}

function rowsAt(comparisons: readonly Comparison[], inFlight: number, tokens: number): Record<string, Row> {
  const found = comparisons.find(({ load }) => load.inFlight === inFlight && load.tokens === tokens);
  return found ? rowsOf(found) : {};
}

/** How many times ours a client's CPU time is. */
function timesOurs(row: Row | undefined): string {
  return row?.ours === undefined ? "1" : (1 / row.ours).toFixed(2);
}

function growth({ growth }: Measured): Record<string, [number, number][]> {
  const lines: Record<string, [number, number][]> = {};
  for (const comparison of growth) {
    for (const [name, row] of Object.entries(rowsOf(comparison))) {
      lines[name] = [...(lines[name] ?? []), [comparison.load.tokens, 1 / (row.ours ?? 1)]];
    }
  }
  return lines;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)];
}

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function sorted(values: Record<string, number>): [string, number][] {
  return Object.entries(values).sort(([, a], [, b]) => a - b);
}
