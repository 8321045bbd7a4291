// What the house weighs, and what it may weigh.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../bench/pages.js";
import { measureSizes } from "../bench/sizes.js";
import { installedParts } from "../packaging/installed-size.js";
import { filesOnAnswer } from "./files-on-answer.js";

export interface Mark {
  readonly measured: number;
  /** What the suite refuses to pass. To raise one is a decision, in a commit of its own. */
  readonly limit: number;
  /** What it is to come down to. */
  readonly goal: number;
}

/** The limits of what is measured, and the goals where they are lower. */
const limits: Record<string, readonly [limit: number, goal?: number]> = {
  "lines in src": [14_700, 10_200],
  "files in src": [161, 120],
  "lines in test": [33_800, 22_500],
  "functions over 60 lines": [0],
  "functions with more than 4 parameters": [0],
  "circles of files": [0],
  "files that a gRPC answer passes": [14, 8],
  "files that a gRPC error passes": [16, 12],
  "gzip bytes: ours, gRPC-Web": [31_340, 28_500],
  "gzip bytes: ours, gRPC-Web, view and revoke": [32_370, 29_500],
  "gzip bytes: ours, gRPC-Web and REST": [48_170, 45_500],
  "bytes installed: zitadel-refresh-tokens": [2_700_000],
  "bytes installed: @bufbuild/protobuf": [2_500_000],
  "bytes installed: @connectrpc/connect": [1_000_000],
};

/** What each mark comes to, by its name. */
export async function measureMarks(): Promise<Record<string, Mark>> {
  const src = weigh("src");
  const onAnswer = await filesOnAnswer();
  const sizes = Object.entries(
    await measureSizes(Object.keys(limits).flatMap((name) => name.split("gzip bytes: ")[1] ?? [])),
  );
  const measured: Record<string, number> = {
    "lines in src": src.lines,
    "files in src": src.files,
    "lines in test": weigh("test").lines,
    "functions over 60 lines": breaches("complexity/noExcessiveLinesPerFunction"),
    "functions with more than 4 parameters": breaches("complexity/useMaxParams"),
    "circles of files": breaches("suspicious/noImportCycles"),
    "files that a gRPC answer passes": onAnswer.success.length,
    "files that a gRPC error passes": onAnswer.error.length,
    ...Object.fromEntries(sizes.map(([name, { gzip }]) => [`gzip bytes: ${name}`, gzip])),
    ...Object.fromEntries(installedParts().map(({ name, bytes }) => [`bytes installed: ${name}`, bytes])),
  };
  return Object.fromEntries(
    Object.entries(measured).map(([name, value]) => {
      const [limit, goal = limit] = limits[name] ?? [0];
      return [name, { measured: value, limit, goal }];
    }),
  );
}

/** Lines and files of TypeScript in a folder that somebody wrote: test/gen is generated. */
function weigh(folder: string): { lines: number; files: number } {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !path.startsWith("gen"),
  );
  const texts = paths.map((path) => readFileSync(join(root, folder, path), "utf8"));
  return { lines: texts.reduce((sum, text) => sum + text.split("\n").length - 1, 0), files: paths.length };
}

/** How often a rule of the linter is broken in src/. */
function breaches(rule: string): number {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "lint", `--only=${rule}`, "--reporter=json", "--max-diagnostics=none", "src"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const { errors, warnings, infos } = (JSON.parse(stdout) as { summary: Record<string, number> }).summary;
  return Number(errors) + Number(warnings) + Number(infos);
}
