import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { transformSync } from "esbuild";
import { root } from "../bench/pages.js";
import { places } from "./mutants.js";

const all = Object.entries(places).flatMap(([path, { mutants }]) => mutants.map((mutant) => [path, mutant] as const));

test("there are 150 ways to break the code at least", () => {
  expect(all.length).toBeGreaterThanOrEqual(150);
});

test("each changes what its file has once, and what comes of it is a program", () => {
  const mistakes = all.filter(([path, [from, to]]) => {
    const parts = readFileSync(join(root, path), "utf8").split(from);
    return parts.length !== 2 || !isProgram(parts.join(to));
  });
  expect(mistakes.map(([path, [from]]) => `${path}: ${from}`)).toEqual([]);
});

function isProgram(source: string): boolean {
  try {
    transformSync(source, { loader: "ts", logLevel: "silent" });
    return true;
  } catch {
    return false;
  }
}
