import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "cli-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "my token.txt"), "");

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
const overview = await runCli(["--help"]);
const commands = [...overview.stdout.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name = ""]) => name);

async function scriptFor(shell: string): Promise<string> {
  const { status, stdout, stderr } = await runCli(["completion", shell]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

// The words of a command line, the last of them unfinished, and what may stand there.
const lines: readonly (readonly [words: readonly string[], completed: readonly string[]])[] = [
  [["l"], ["list"]],
  [["revoke"], ["revoke", "revoke-all"]],
  [["list", "--st", "ignored"].slice(0, 2), ["--state"]],
  [
    ["list", "--state", ""],
    ["active", "expired", "idle-expired"],
  ],
  [
    ["list", "-o", "t"],
    ["table", "tsv"],
  ],
  [
    ["doctor", "--protocol", "grpc"],
    ["grpc", "grpc-web"],
  ],
  [["list", "--token-file", "my"], ["my token.txt"]],
  [["list", "--url", ""], []],
  [
    ["completion", ""],
    ["bash", "fish", "zsh"],
  ],
  [["serve", "--op"], ["--open"]],
];

describe(`completion bash${has("bash") ? "" : " (needs bash)"}`, () => {
  async function complete(words: readonly string[]): Promise<string[]> {
    const { stdout, stderr } = spawnSync(
      "bash",
      [
        "--norc",
        "-c",
        `eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_zitadel_refresh_tokens; printf '%s\\n' "\${COMPREPLY[@]}"`,
        "bash",
        await scriptFor("bash"),
        "zitadel-refresh-tokens",
        ...words,
      ],
      { encoding: "utf8", cwd: folder },
    );
    expect(stderr).toBe("");
    return stdout.split("\n").filter((line) => line !== "");
  }

  for (const [words, completed] of [
    ...lines,
    // As bash takes --state=a apart.
    [["list", "--state", "=", "a"], ["active"]],
    [
      ["list", "--protocol", "="],
      ["grpc", "grpc-web", "rest"],
    ],
  ] as typeof lines) {
    (has("bash") ? test : test.skip)(`completes ${words.join(" ")}…`, async () => {
      expect((await complete(words)).sort()).toEqual([...completed]);
    });
  }

  (has("bash") ? test : test.skip)("knows every option of every command", async () => {
    for (const name of commands) {
      const { stderr } = await runCli([name, "--no-such-option"]);
      const options = new Set([...(stderr.match(/--[\w-]+/g)?.slice(1) ?? [])]);
      expect((await complete([name, "--"])).sort()).toEqual([...options].sort());
    }
  });
});

for (const [shell, check] of [
  ["zsh", "-n"],
  ["fish", "--no-execute"],
] as const) {
  (has(shell) ? test : test.skip)(`completion ${shell} is a script that ${shell} takes (needs ${shell})`, async () => {
    const { status, stderr } = spawnSync(shell, [check], { encoding: "utf8", input: await scriptFor(shell) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test(`completion ${shell} has every option of every command`, async () => {
    const script = await scriptFor(shell);
    for (const name of commands) {
      const { stderr } = await runCli([name, "--no-such-option"]);
      for (const [option] of [...stderr.matchAll(/--[\w-]+/g)].slice(1)) expect(script).toContain(option.slice(2));
    }
  });
}

describe("completion", () => {
  for (const args of [[], ["powershell"], ["bash", "zsh"]]) {
    test(`of ${args.join(" and ") || "nothing"} is wrong usage`, async () => {
      const { status, stderr } = await runCli(["completion", ...args]);
      expect({ status, stderr }).toEqual({ status: 2, stderr: "error: completion takes one shell: bash, zsh, fish\n" });
    });
  }
});
