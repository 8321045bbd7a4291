import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { product } from "../../src/product.js";
import { cli, runCli } from "./run-cli.js";

const file = join(cli, "../zitadel-refresh-tokens.1");
const page = readFileSync(file, "utf8");
const text = page
  .replaceAll(/\\f[BRI]/g, "")
  .replaceAll("\\-", "-")
  .replaceAll("\\&", "")
  .replaceAll("\\e", "\\");

test("the man page tells every command, every option and every example that the help tells", async () => {
  expect(page).toMatch(new RegExp(`^\\.TH ZITADEL-REFRESH-TOKENS 1 "" "${product.replace("/", " ")}"\n`));
  const overview = await runCli(["--help"]);
  const commands = [...overview.stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);
  expect(commands).toContain("completion");
  for (const name of commands) {
    const { stdout } = await runCli([name, "--help"]);
    expect(text).toMatch(new RegExp(`^\\.SS ${name} `, "m"));
    for (const [option] of stdout.matchAll(/--[\w-]+/g))
      expect(option === "--help" || text.includes(option)).toBe(true);
    for (const [, example = ""] of stdout.matchAll(/^ {2}(zitadel-refresh-tokens .*)$/gm))
      expect(text).toContain(example);
  }
});

const hasMan = spawnSync("man", ["--version"], { encoding: "utf8" }).stdout?.startsWith("man 2");

(hasMan ? test : test.skip)("man sets the page without a warning (needs man-db)", () => {
  const { status, stdout, stderr } = spawnSync("man", ["--warnings", "-l", "-Tutf8", file], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("json: { total, truncated, asOf?");
});
