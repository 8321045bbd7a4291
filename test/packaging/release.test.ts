import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { run } from "./run.js";

// From build/test/packaging, where this file runs.
const script = fileURLToPath(new URL("../../../tools/release.mjs", import.meta.url));

let folder: string;
const git = (...args: string[]) => {
  const { status, stdout, stderr } = run(
    "git",
    ["-c", "user.name=x", "-c", "user.email=x@example.com", ...args],
    folder,
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
};
const commit = () => {
  git("add", "-A");
  git("commit", "-q", "-m", "change");
};
const passTests = () => {
  mkdirSync(join(folder, "build"), { recursive: true });
  writeFileSync(join(folder, "build/tested-tree"), `${git("rev-parse", "HEAD^{tree}")}\n`);
};
// Publishing ends in npm's own script, which here says that it was reached instead of asking a registry.
const release = () => run(process.execPath, [script, "--dry-run"], folder);

/** A package that is ready to be released: clean, tested, dated, tagged. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "release-"));
  git("init", "-q");
  writeFileSync(join(folder, ".gitignore"), "build/\n");
  const scripts = { prepublishOnly: "echo reached npm publish && exit 7" };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "some-package", version: "1.2.3", scripts }));
  writeFileSync(join(folder, "CHANGELOG.md"), "# Changelog\n\n## 1.2.3 (2026-11-25)\n");
  commit();
  git("tag", "v1.2.3");
  passTests();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the release script", () => {
  test("publishes a tree that is clean, tested, dated and tagged", () => {
    expect(release().stdout).toContain("reached npm publish");
  });

  for (const [name, spoil, reason] of [
    ["that is dirty", () => appendFileSync(join(folder, "package.json"), "\n"), "the tree is dirty"],
    ["with a file that git does not know", () => writeFileSync(join(folder, "new.js"), ""), "?? new.js"],
    ["that was never tested", () => rmSync(join(folder, "build"), { recursive: true }), "this tree is untested"],
    [
      "that has changed since its tests passed",
      () => {
        appendFileSync(join(folder, "CHANGELOG.md"), "more\n");
        commit();
      },
      "this tree is untested",
    ],
    [
      "whose changelog has no date",
      () => {
        writeFileSync(join(folder, "CHANGELOG.md"), "## 1.2.3 (unreleased)\n");
        commit();
        passTests();
      },
      'CHANGELOG.md begins with "1.2.3 (unreleased)"',
    ],
    ["without a tag", () => git("tag", "-d", "v1.2.3"), "git tag v1.2.3"],
  ] as const) {
    test(`refuses a tree ${name}`, () => {
      spoil();
      const { status, stdout, stderr } = release();
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toContain(`No release: `);
      expect(stderr).toContain(reason);
    });
  }
});
