import { isPeer } from "./candidates.js";
import { barChart, lineChart } from "./chart.js";
import type { Comparison } from "./compare.js";
import { type Goal, goalsOf } from "./goals.js";
import type { Measured } from "./measure-all.js";
import { median } from "./median.js";
import { type Row, rowsOf } from "./report.js";

/** The page and its charts by file name, all from what was measured. */
export function benchmarksPage(measured: Measured): { markdown: string; charts: Record<string, string> } {
  const cpu = rowsAt(measured.grpc, 64, 2);
  const charts = {
    "cpu.svg": barChart("CPU time a call: gRPC in Node, 64 in flight, 2 tokens", "µs", cpuOf(cpu)),
    "size.svg": barChart(
      "What a browser loads for one gRPC-Web call, gzip",
      "kB",
      mapValues(measured.sizes, ({ gzip }) => gzip / 1000),
    ),
    "growth.svg": lineChart(
      "CPU time a call as the list grows, 8 in flight",
      { x: "tokens", y: "µs" },
      growth(measured),
    ),
  };
  const markdown = [
    "# Benchmarks",
    "",
    "Made by `npm run bench:docs`; no number here was written by hand, and `benchmarks.json` beside it in the repository holds every sample.",
    "",
    ...machine(measured),
    "",
    "Each client runs in a process of its own against one server of canned answers in another. They take turns, every other round in",
    "reverse. Figures are medians of the rounds; ratios are taken round by round. On shared machines ratios hold and absolute numbers do not.",
    "*ours* has a token, a deadline and retries on; *floor* is `node:http2` and the decoder and nothing else: no client can cost less.",
    "",
    "## Marks",
    "",
    ...marks(goalsOf(measured)),
    "",
    "## gRPC in Node",
    "",
    "![CPU time a call](images/cpu.svg)",
    "",
    ...measured.grpc.flatMap((comparison) => loadTable(comparison)),
    ...peersThatWin(measured.grpc),
    "",
    "## gRPC-Web in Node",
    "",
    "Over HTTP/1.1. *ours* goes over `node:http`, others over Node's `fetch`.",
    "",
    ...measured.grpcWeb.flatMap((comparison) => loadTable(comparison, "ours, gRPC-Web")),
    ...peersThatWin(measured.grpcWeb, "ours, gRPC-Web"),
    "",
    "## Faults on the way",
    "",
    "What a call comes to when the first request meets this and the next ones do not, each with its defaults and a deadline of 2 s:",
    "",
    ...table(
      ["fault", ...Object.keys(measured.survival[0]?.outcomes ?? {})],
      measured.survival.map(({ fault, outcomes }) => [fault, ...Object.values(outcomes)]),
    ),
    "",
    "## As the list grows",
    "",
    "![CPU time by tokens](images/growth.svg)",
    "",
    ...table(
      ["tokens", ...Object.keys(growth(measured))],
      measured.growth.map((comparison) => [
        String(comparison.load.tokens),
        ...Object.values(rowsOf(comparison)).map((row) => `${Math.round(row.cpuMicrosPerCall)} µs`),
      ]),
    ),
    "",
    "## First call over TLS",
    "",
    "From a new client to its first answer: TCP, TLS and HTTP/2 included, loading the module not.",
    "",
    ...table(
      ["client", "median ms", "of so many"],
      sorted(mapValues(measured.firstCalls, median)).map(([name, ms]) => [
        name,
        ms.toFixed(2),
        String(measured.firstCalls[name]?.length),
      ]),
    ),
    "",
    "## Memory",
    "",
    `Heap after ${(20_000 * measured.effort.share).toLocaleString("en")} calls and a collection, compared with before:`,
    "",
    ...table(
      ["client", "kB"],
      sorted(measured.heapGrowth).map(([name, bytes]) => [name, String(Math.round(bytes / 1000))]),
    ),
    "",
    "Users of one client by `withToken`, each of whom has made a call and is still held:",
    "",
    ...table(
      ["users", "heap a user"],
      measured.users.map(({ users, bytesPerUser }) => [
        users.toLocaleString("en"),
        `${Math.round(bytesPerUser)} bytes`,
      ]),
    ),
    "",
    "## The command",
    "",
    "From start to exit, as a multiple of an empty program on the same Node:",
    "",
    ...table(
      ["Node", "empty", "`--help`", "`list`"],
      measured.command.map(({ node, empty, help, list }) => [
        node,
        `${Math.round(empty)} ms`,
        `${(help / empty).toFixed(2)} (${Math.round(help)} ms)`,
        `${(list / empty).toFixed(2)} (${Math.round(list)} ms)`,
      ]),
    ),
    "",
    "## In a browser",
    "",
    "![Size of the script](images/size.svg)",
    "",
    `Script: fetched from loopback, compiled and run, in a context without a cache. Median of ${Object.values(measured.visits)[0]?.length} visits.`,
    "",
    ...table(
      ["page", "minified kB", "gzip kB", "script ms", "first call ms"],
      sorted(mapValues(measured.sizes, ({ gzip }) => gzip)).map(([name]) => [
        name,
        ((measured.sizes[name]?.minified ?? 0) / 1000).toFixed(1),
        ((measured.sizes[name]?.gzip ?? 0) / 1000).toFixed(1),
        median((measured.visits[name] ?? []).map(({ script }) => script)).toFixed(1),
        median((measured.visits[name] ?? []).map(({ firstCall }) => firstCall)).toFixed(1),
      ]),
    ),
    "",
    "grpc-web's generator is a program of its own, so that ts-proto's messages stand in for google-protobuf's. protobuf-ts is generated with",
    "`optimize_for = SPEED`. grpc-js, nice-grpc and grpc-web decode with ts-proto's code unless a row says otherwise.",
    "",
  ].join("\n");
  return { markdown, charts };
}

function machine({ date, effort, machine, versions }: Measured): string[] {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}, Node ${machine.node}, ${machine.browser}, ${machine.cpus} × ${machine.cpu}; ${effort.rounds} rounds, ${effort.share * 100} % of the calls.`,
    `${list.join(", ")}.`,
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
    `### ${inFlight} in flight, ${tokens.toLocaleString("en")} tokens`,
    "",
    ...table(
      ["client", "its CPU ÷ ours", "CPU µs a call", "calls/s", "p50 ms", "p99 ms"],
      byCost.map(([name, row]) => [
        name,
        row.ours === undefined ? "1" : (1 / row.ours).toFixed(2),
        row.cpuMicrosPerCall.toFixed(0),
        row.callsPerSecond.toFixed(0),
        row.p50.toFixed(2),
        row.p99.toFixed(2),
      ]),
    ),
    "",
  ];
}

// Where somebody needs less than we do, the page says so in words.
function peersThatWin(comparisons: readonly Comparison[], own = "ours"): string[] {
  const wins = comparisons.flatMap((comparison) => {
    const rows = Object.entries(rowsOf(comparison, own));
    const better = rows.filter(([name, { ours = 0 }]) => isPeer(name) && ours > 1).map(([name]) => name);
    const { inFlight, tokens } = comparison.load;
    return better.length === 0 ? [] : [`- ${inFlight} in flight, ${tokens} tokens: ${better.join(", ")}`];
  });
  return wins.length === 0
    ? ["No peer took less CPU than ours under any load."]
    : ["A peer took less CPU than ours:", "", ...wins];
}

function rowsAt(comparisons: readonly Comparison[], inFlight: number, tokens: number): Record<string, Row> {
  const found = comparisons.find(({ load }) => load.inFlight === inFlight && load.tokens === tokens);
  return found ? rowsOf(found) : {};
}

function cpuOf(rows: Record<string, Row>): Record<string, number> {
  return mapValues(rows, (row) => row.cpuMicrosPerCall);
}

function growth({ growth }: Measured): Record<string, [number, number][]> {
  const lines: Record<string, [number, number][]> = {};
  for (const comparison of growth) {
    for (const [name, row] of Object.entries(rowsOf(comparison))) {
      lines[name] = [...(lines[name] ?? []), [comparison.load.tokens, row.cpuMicrosPerCall]];
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
