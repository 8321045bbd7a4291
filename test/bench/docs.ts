// Measures everything and writes docs/benchmarks.md, its charts, and docs/benchmarks.json with what was measured.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmarksPage } from "./benchmarks-page.js";
import { type Measured, measureAll } from "./measure-all.js";
import { root } from "./pages.js";
import { withFigures } from "./readme-figures.js";

const usage = `npm run bench:docs -- [options]

  --share N      this share of the calls, default 1: 0.05 shows that it works and says nothing
  --rounds N     samples of each client, default 9
  --node PATH    another Node for the command, can be repeated; default: those of npm's node@24 and node@latest
  --out FOLDER   where to write, default docs
  --from FILE    make the page again from what was measured before`;

const { values: options } = parseArgs({
  options: {
    share: { type: "string", default: "1" },
    rounds: { type: "string", default: "9" },
    node: { type: "string", multiple: true },
    out: { type: "string", default: join(root, "docs") },
    from: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit();
}

const peers = [
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@connectrpc/connect-web",
  "@grpc/grpc-js",
  "nice-grpc",
  "nice-grpc-web",
  "@protobuf-ts/grpc-transport",
  "@protobuf-ts/grpcweb-transport",
  "grpc-web",
  "@zitadel/client",
  "@bufbuild/protobuf",
];

// What is written and read again is what the page is made of, so that it can be made anew from it.
const json = options.from ? readFileSync(options.from, "utf8") : JSON.stringify(await measure(), shortened);
const measured = JSON.parse(json) as Measured;

const { markdown, charts } = benchmarksPage(measured);
mkdirSync(join(options.out, "images"), { recursive: true });
writeFileSync(join(options.out, "benchmarks.json"), `${json.trimEnd()}\n`);
writeFileSync(join(options.out, "benchmarks.md"), markdown);
for (const [name, chart] of Object.entries(charts)) writeFileSync(join(options.out, "images", name), chart);
if (options.out === join(root, "docs")) {
  const readme = join(root, "README.md");
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), measured));
}
console.error(`wrote ${join(options.out, "benchmarks.md")}`);

function measure(): Promise<Measured> {
  const nodes = [process.execPath, ...(options.node ?? ["24", "latest"].map(nodeOf))];
  const effort = { rounds: Number(options.rounds), share: Number(options.share) };
  return measureAll(nodes, versionsOf(peers), effort, (line) => console.error(line));
}

/** Four digits of a figure say enough. */
function shortened(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

function versionsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const manifest = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
      return [name, (JSON.parse(manifest) as { version: string }).version];
    }),
  );
}

function nodeOf(version: string): string {
  const script = "process.stdout.write(process.execPath)";
  return execFileSync("npx", ["--yes", "--package", `node@${version}`, "node", "-e", script], { encoding: "utf8" });
}
