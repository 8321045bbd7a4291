import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { faultNames } from "./fault-names.js";
import { readPage, root } from "./snippets.js";

const sections = new Map(
  readPage("test/faults/README.md")
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const file = /^`([\w-]+\.test\.ts)`$/m.exec(section)?.[1] ?? "";
      const rows = [...section.matchAll(/^\| (.*?) \| .* \|$/gm)].map(([, name = ""]) => name);
      return [file, rows.slice(1).map((name) => name.replaceAll("&#124;", "|").replaceAll("&lt;", "<"))];
    }),
);
// About the checks that all rows share, not about a fault.
const files = readdirSync(join(root, "test/faults")).filter((name) => /^(?!fault-row).*\.test\.ts$/.test(name));

test("test/faults/README.md has a section for each file of test/faults", () => {
  expect([...sections.keys()].sort()).toEqual(files.sort());
});

for (const file of files) {
  test(`test/faults/README.md lists the faults of ${file}, and no other`, () => {
    const names = faultNames(file);
    expect(names.length).toBeGreaterThan(0);
    expect(sections.get(file)).toEqual(names);
  });
}
