// Measures everything and writes docs/benchmarks.md, its charts, and docs/benchmarks.json with what was measured.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchmarksPage } from "./benchmarks-page.js";
import { type Measured, measureAll } from "./measure-all.js";
import { root } from "./pages.js";

const usage = `npm run bench:docs -- [options]

  --quick        a twentieth of the calls: shows that it works, says nothing
  --newest PATH  another Node for the command; default: node of npm's package node@latest
  --out FOLDER   where to write, default docs
  --from FILE    make the page again from what was measured before`;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    newest: { type: "string" },
    out: { type: "string", default: join(root, "docs") },
    from: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit();
}

const measured = options.from
  ? (JSON.parse(readFileSync(options.from, "utf8")) as Measured)
  : await measureAll(
      [process.execPath, options.newest ?? newestNode()],
      versionsOf([
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
      ]),
      options.quick ? { rounds: 1, share: 0.05 } : { rounds: 3, share: 1 },
      (line) => console.error(line),
    );

const { markdown, charts } = benchmarksPage(measured);
mkdirSync(join(options.out, "images"), { recursive: true });
writeFileSync(join(options.out, "benchmarks.json"), `${JSON.stringify(measured)}\n`);
writeFileSync(join(options.out, "benchmarks.md"), markdown);
for (const [name, chart] of Object.entries(charts)) writeFileSync(join(options.out, "images", name), chart);
console.error(`wrote ${join(options.out, "benchmarks.md")}`);

function versionsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const manifest = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
      return [name, (JSON.parse(manifest) as { version: string }).version];
    }),
  );
}

function newestNode(): string {
  const script = "process.stdout.write(process.execPath)";
  return execFileSync("npx", ["--yes", "--package", "node@latest", "node", "-e", script], { encoding: "utf8" });
}
