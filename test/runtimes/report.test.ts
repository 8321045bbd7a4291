import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { root } from "./project-folder.js";
import { failures, type Outcome, type Row, type Run, writeTables } from "./report.js";
import { nodes, targets } from "./targets.js";

const run = JSON.parse(readFileSync(join(root, "test/runtimes/last-run.json"), "utf8")) as Run;

describe("the last run of npm run runtimes", () => {
  test("found nothing broken", () => {
    expect(failures(run)).toEqual([]);
  });

  test("tried every target, each Node among them", () => {
    const tried = run.rows.filter(({ report }) => !("notTried" in report)).map(({ group, name }) => `${group} ${name}`);
    for (const { name } of targets)
      expect(tried).toContainEqual(expect.stringContaining(name.replace(/^Node \d+$/, "Node")));
    for (const major of nodes) expect(tried).toContainEqual(expect.stringMatching(`^Node ${major}\\.`));
  });

  for (const [page, tables] of [["docs/runtimes.md", ["places", "sizes", "date"]]] as const) {
    test(`is what ${page} shows: run npm run runtimes`, () => {
      const text = readFileSync(join(root, page), "utf8");
      for (const table of tables) expect(text).toContain(`<!-- ${table} -->`);
      expect(writeTables(text, run)).toBe(text);
    });
  }
});

describe("the table of a run", () => {
  const works: Outcome = { works: "application/grpc" };
  const refused: Outcome = { refused: "say why" };
  const row = (name: string, grpc: Outcome): Row => ({
    group: "Node",
    name,
    report: { default: works, grpc, grpcWeb: works, rest: works },
  });
  const render = (...rows: Row[]) =>
    writeTables("<!-- places --><!-- /places -->", { date: "", rows, sizes: [] }).split("\n");

  test("puts places that are alike on one line", () => {
    expect(render(row("20", works), row("22", works))).toContain("| Node 20, 22 | works | works | works | gRPC |");
  });

  test("refers to each sentence once", () => {
    const lines = render(row("20", refused), row("22", works), row("24", refused));
    expect(lines).toContain("| Node 20, 24 | no [1] | works | works | gRPC |");
    expect(lines.filter((line) => line.includes("say why"))).toEqual(["[1] say why"]);
  });

  test("tells what failed, and that it did", () => {
    const failed = row("20", { failed: "broken" });
    expect(render(failed)).toContain("[1] failed: broken");
    expect(failures({ date: "", rows: [failed], sizes: [] })).toEqual(["Node 20, grpc: broken"]);
  });

  test("tells what was not tried", () => {
    expect(render({ group: "Bun", name: "", report: { notTried: "no network" } })).toContain(
      "| Bun  | not tried: no network | | | |",
    );
  });
});
