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

describe(`completion fish${has("fish") ? "" : " (needs fish)"}`, () => {
  for (const [words, completed] of lines) {
    (has("fish") ? test : test.skip)(`completes ${words.join(" ")}…`, async () => {
      const file = join(folder, "completion.fish");
      writeFileSync(file, await scriptFor("fish"));
      const line = `zitadel-refresh-tokens ${words.join(" ")}`;
      const { stdout, stderr } = spawnSync(
        "fish",
        ["--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', file, line],
        {
          encoding: "utf8",
          cwd: folder,
          env: { ...process.env, HOME: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
        },
      );
      expect(stderr).toBe("");
      const found = stdout
        .split("\n")
        .filter((each) => each !== "")
        .map((each) => each.split("\t")[0]);
      expect(found.sort()).toEqual([...completed]);
    });
  }
});

describe(`completion zsh${has("zsh") ? "" : " (needs zsh)"}`, () => {
  (has("zsh") ? test : test.skip)("is a script that zsh takes, and registers the command", async () => {
    const script = await scriptFor("zsh");
    const program = 'autoload -Uz compinit && compinit -u -D; eval "$1"; print -r -- $_comps[zitadel-refresh-tokens]';
    const { stdout, stderr } = spawnSync("zsh", ["-f", "-c", program, "zsh", script], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "_zitadel-refresh-tokens\n", stderr: "" });
  });

  (has("zsh") ? test : test.skip)("gives _arguments specifications that it takes", async () => {
    // Runs the function for each command, with an _arguments that checks what the real one would be given.
    const program = `_arguments() { local each; for each in "$@"; do print -r -- "$each"; done }
eval "$1"; CURRENT=3; words=(zitadel-refresh-tokens "$2" ""); _zitadel-refresh-tokens`;
    for (const name of commands) {
      const script = (await scriptFor("zsh")).replace(/^if \[ "\$funcstack[\s\S]*/m, "");
      const { stdout, stderr } = spawnSync("zsh", ["-f", "-c", program, "zsh", script, name], { encoding: "utf8" });
      expect(stderr).toBe("");
      const specs = stdout.split("\n").filter((line) => line !== "" && line !== "-s");
      expect(specs.length).toBeGreaterThan(1);
      const spec = /^(?:\*|\(-\w --[\w-]+\))?--?[\w-]+\[(?:[^[\]:\\]|\\.)+\](?::[^:]+:.+)?$|^1:SHELL:\([\w ]+\)$/;
      for (const each of specs) expect(each).toMatch(spec);
    }
  });
});

describe("completion", () => {
  for (const args of [[], ["powershell"], ["bash", "zsh"]]) {
    test(`of ${args.join(" and ") || "nothing"} is wrong usage`, async () => {
      const { status, stderr } = await runCli(["completion", ...args]);
      expect({ status, stderr }).toEqual({ status: 2, stderr: "error: completion takes one shell: bash, zsh, fish\n" });
    });
  }
});
