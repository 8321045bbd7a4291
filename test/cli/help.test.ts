import { describe, expect, test } from "@jest/globals";
import { userAgent } from "../../src/http/http.js";
import { runCli } from "./run-cli.js";

const overview = await runCli(["--help"]);
const commands = [...overview.stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);

describe("help", () => {
  test("of the command names every command, and what it exits with", () => {
    expect(overview).toMatchObject({ status: 0, stderr: "" });
    expect(commands).toContain("list");
    expect(overview.stdout).toMatch(/Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not authenticated/);
  });

  for (const args of [[], ["-h"], ["help"]]) {
    test(`is the same with ${args.join(" ") || "no arguments"}`, async () => {
      expect(await runCli(args)).toEqual(overview);
    });
  }

  for (const name of commands) {
    test(`of ${name} tells every option that it takes, and has examples`, async () => {
      const { status, stdout, stderr } = await runCli([name, "--help"]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toContain(`Usage: zitadel-refresh-tokens ${name} `);
      expect(stdout).toMatch(/^Examples?:\n {2}/m);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
      const mistake = await runCli([name, "--no-such-option"]);
      const taken = mistake.stderr.match(/--[\w-]+/g)?.slice(1) ?? [];
      expect(taken.length).toBeGreaterThan(name === "completion" ? 0 : 1);
      for (const option of taken) expect(stdout).toContain(option);
      expect(await runCli(["help", name])).toEqual({ status, stdout, stderr });
    });
  }
});

test("--version is the package's", async () => {
  const { status, stdout } = await runCli(["--version"]);
  expect({ status, stdout: `zitadel-refresh-tokens/${stdout}` }).toEqual({ status: 0, stdout: `${userAgent}\n` });
});
