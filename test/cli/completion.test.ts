import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { cli, runCli } from "./run-cli.js";

const folder = mkdtempSync(join(tmpdir(), "cli-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "my token.txt"), "");
mkdirSync(join(folder, "bin"));
writeFileSync(join(folder, "bin/zitadel-refresh-tokens"), `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`, {
  mode: 0o755,
});

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;
async function scriptFor(shell: string): Promise<string> {
  const { status, stdout, stderr } = await runCli(["completion", shell]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

// The words of a command line, the last of them unfinished, and what may stand there.
const lines: readonly (readonly [words: string, completed: readonly string[]])[] = [
  ["revoke", ["revoke", "revoke-all"]],
  ["list --st", ["--state"]],
  ["list -o t", ["table", "tsv"]],
  ["list --token-file my", ["my token.txt"]],
  ["list --url ", []],
  ["completion ", ["bash", "fish", "zsh"]],
];

// Each runs the script with the command on its PATH, and prints what may stand at the end of a line.
const shells = {
  bash: [
    ["--norc", "-c"],
    `eval "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_zitadel_refresh_tokens; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: [
    ["-f", "-c"],
    `compdef() { }; compadd() { shift; for each in "$@"; do [[ $each == $words[-1]* ]] && print -r -- $each; done }
_files() { print -r -- $words[-1]*(N) }
eval "$1"; shift; words=("$@"); CURRENT=$#; _zitadel-refresh-tokens`,
  ],
  fish: [
    ["--no-config", "-c"],
    `eval (printf '%s\\n' $argv[1] | string collect); complete -C "$argv[2..]" | string replace -r '\\t.*' ''`,
  ],
} as const;

for (const [shell, [options, program]] of Object.entries(shells)) {
  describe(`completion ${shell}${has(shell) ? "" : ` (needs ${shell})`}`, () => {
    for (const [words, completed] of lines) {
      (has(shell) ? test : test.skip)(`completes ${words}…`, async () => {
        const line = ["zitadel-refresh-tokens", ...words.split(" ")];
        const args = [...options, program, shell, await scriptFor(shell), ...line];
        if (shell === "fish") args.splice(3, 1);
        const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, HOME: folder, XDG_DATA_HOME: folder };
        const { stdout, stderr } = spawnSync(shell, args, { encoding: "utf8", cwd: folder, env });
        expect(stderr).toBe("");
        const found = stdout.split("\n").filter((line) => line !== "");
        expect(found.sort()).toEqual([...completed]);
      });
    }
  });
}

test.each([
  ["list --state=a", "--state=active --state=idle-expired --state=expired --state=unfinished"],
  ["list --state = a", "active idle-expired expired unfinished"],
  ["list --state =", "active idle-expired expired unfinished"],
  ["no-such ", ""],
])("completion -- %s", async (words, completed) => {
  const { stdout } = await runCli(["completion", "--", ...words.split(" ")]);
  expect(stdout.split("\n")).toEqual(completed.split(" "));
});

test.each([[[]], [["powershell"]], [["bash", "zsh"]]])("completion of %p is wrong usage", async (args) => {
  const { status, stderr } = await runCli(["completion", ...args]);
  expect({ status, stderr }).toEqual({ status: 2, stderr: "error: completion takes one shell: bash, zsh, fish\n" });
});
