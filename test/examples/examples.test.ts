import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { root } from "./run-example.js";

const folder = join(root, "examples");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const tests = ["test/examples", "test/element"].flatMap((folder) =>
  readdirSync(join(root, folder)).map((file) => readFileSync(join(root, folder, file), "utf8")),
);

describe("each example", () => {
  test("exists", () => {
    expect(files.length).toBeGreaterThanOrEqual(8);
  });

  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");

    test(`${file} is short enough to paste`, () => {
      // list.ts is not for pasting: it is what npm start runs.
      expect(text.split("\n").length).toBeLessThanOrEqual(file === "list.ts" ? 200 : 60);
    });

    test(`${file} imports packages by name, and this one among them`, () => {
      const imported = [...text.matchAll(/from "([^"]+)"/g)].map((match) => match[1]);
      expect(imported.filter((name) => !/^[^.]|^\.\/sign-out-elsewhere(\.js)?$/.test(name ?? ""))).toEqual([]);
      expect(imported).toContain("zitadel-refresh-tokens");
    });

    test(`${file} says first what it shows`, () => {
      expect(text).toMatch(/^\/\/ \S/);
    });
  }

  test("is in the list of examples/README.md", () => {
    const listed = [...readFileSync(join(folder, "README.md"), "utf8").matchAll(/\]\(([^)]+)\)/g)].map(
      ([, link]) => link,
    );
    expect(listed.sort()).toEqual(files.filter((file) => !file.endsWith("sign-out-elsewhere.ts")).sort());
  });

  test("runs in a test", () => {
    const names = files.map((file) => file.replace(/^.*\/|(\.test)?\.tsx?$/g, ""));
    // What the tests of an application import.
    const own = names.filter((name) => name !== "sign-out-elsewhere");
    const isNamed = (name: string) => tests.some((text) => new RegExp(`"${name}"|["/]${name}\\.[jt]sx?\\b`).test(text));
    expect(own.filter((name) => !isNamed(name))).toEqual([]);
  });
});
