import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { benchmarksPage } from "./benchmarks-page.js";
import type { Measured } from "./measure-all.js";
import { root } from "./pages.js";
import { withFigures } from "./readme-figures.js";

const read = (path: string) => readFileSync(join(root, path), "utf8");
const measured = JSON.parse(read("docs/benchmarks.json")) as Measured;

test("docs/benchmarks.md and its charts show what was measured: run npm run bench:docs", () => {
  const { markdown, charts } = benchmarksPage(measured);
  expect(read("docs/benchmarks.md")).toBe(markdown);
  for (const [name, chart] of Object.entries(charts)) expect(read(`docs/images/${name}`)).toBe(chart);
});

test("README.md shows what was measured", () => {
  expect(withFigures(read("README.md"), measured)).toBe(read("README.md"));
});
