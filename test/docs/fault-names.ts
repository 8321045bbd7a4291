import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./snippets.js";

// A title, or the name of a row, which says on what it is run or what answers. Names of the cases of a row do not.
const named =
  /(?:\b(?:test|testInChromium)\(\s*|\bname: )("(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`),?(?=(\s*(?:on|server|answer|options|want|expected)\b|\s*\.\.\.\w+\(|\s*(?:async )?\(|[^\n]*=>))/g;

/** What the faults in a file of `test/faults` are called; `…` stands for what their cases differ in. */
export function faultNames(file: string): string[] {
  const source = readFileSync(join(root, "test/faults", file), "utf8");
  const names = [...source.matchAll(named)].map(([, text = ""]) =>
    text
      .slice(1, -1)
      .replaceAll(/\\(["`])/g, "$1")
      .replaceAll(/\$\{protocol\}: |(?:, |: | over )?\$\{(?:protocol|route|row\.name)\}/g, "")
      .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…")
      .trim(),
  );
  return [...new Set(names)].filter((name) => /\w/.test(name));
}
