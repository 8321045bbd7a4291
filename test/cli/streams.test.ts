import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { cli, runCli } from "./run-cli.js";
import { requestsReach, startLogin } from "./start-login.js";

describe("the command", () => {
  test("is quiet and successful when nobody reads its output to the end", async () => {
    const refreshTokens = Array.from({ length: 1_000 }, (_, index) => ({ userAgentId: `agent-${index}` }));
    const { env } = await startLogin({ refreshTokens });
    const outcome = await runCli(["list", "-o", "json"], { env, started: ({ stdout }) => void stdout.destroy() });
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  (existsSync("/dev/full") ? test : test.skip)("fails if its output cannot be written (needs /dev/full)", async () => {
    const { status, stderr } = spawnSync("sh", ["-c", `"${process.execPath}" "${cli}" --help > /dev/full`], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "error: the output cannot be written (ENOSPC)\n" });
  });

  for (const [name, args, input] of [
    ["a call is under way", ["list"], undefined],
    ["it waits for the token on standard input", ["list", "--token-file", "-"], "half a tok"],
  ] as const) {
    test(`exits with 130 when interrupted while ${name}`, async () => {
      const { zitadel, env } = await startLogin();
      zitadel.fail({ kind: "hang" });
      const outcome = await runCli(args, {
        env,
        ...(input && { input }),
        started: async (child) => {
          if (input) await new Promise((resolve) => setTimeout(resolve, 3_000));
          else await requestsReach(zitadel, 1);
          child.kill("SIGINT");
        },
      });
      expect(outcome).toEqual({ status: 130, stdout: "", stderr: "" });
    });
  }
});

describe("text of a server", () => {
  // Clears the screen, hides, turns around, breaks lines, and sets a title through an 8-bit control character.
  const hostile = "a\u001b[2J\u200b\u202eb\n\u2028c\td\u009d0;e\u0007\u{e0041}";
  const shown = String.raw`a\u{1b}[2J\u{200b}\u{202e}b\u{a}\u{2028}c\u{9}d\u{9d}0;e\u{7}\u{e0041}`;
  const user = { refreshTokens: [{ id: hostile, clientId: hostile, scopes: [hostile] }] };

  for (const format of ["table", "tsv", "ids"]) {
    test(`is shown, not obeyed, with -o ${format}`, async () => {
      const { env } = await startLogin(user);
      const { stdout } = await runCli(["list", "-o", format], { env });
      expect(stdout.split(shown)).toHaveLength(format === "ids" ? 2 : 4);
      expect(stdout.replaceAll(/[\n\t]/g, "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    });
  }

  test("is JSON without any such character with -o json", async () => {
    const { env } = await startLogin(user);
    const { stdout } = await runCli(["list", "-o", "json"], { env });
    expect(JSON.parse(stdout).signIns[0]).toMatchObject({ id: hostile, clientId: hostile, scopes: [hostile] });
    expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test("is shown, not obeyed, in an error", async () => {
    const { zitadel, env } = await startLogin();
    zitadel.fail({ kind: "status", code: 9, message: "\u001b[31mred\u200b\u202e\nnote: all is well" });
    const { status, stderr } = await runCli(["list"], { env });
    expect(status).toBe(1);
    expect(stderr).toBe(`error: [failed_precondition] ${String.raw`\u001b[31mred\u{200b}\u202e`} note: all is well\n`);
  });
});
