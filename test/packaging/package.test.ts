import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { userAgent } from "../../src/http/http.js";
import { type InstalledProject, installProject, tool } from "./installed-project.js";
import { run } from "./run.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

let project: InstalledProject;
beforeAll(() => {
  project = installProject();
});
afterAll(() => project.remove());

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();

const ownManifest = () => JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("the package", () => {
  test("holds each module twice, with types, and nothing that users do not need", () => {
    const modules = ["src", "gen"].flatMap((folder) => filesIn(join(root, folder)).map((file) => `${folder}/${file}`));
    const library = modules.filter((file) => !/^src\/(cli|page)\//.test(file));
    const built = library.flatMap((file) =>
      ["esm", "cjs"].flatMap((format) =>
        ["js", "d.ts"].map((suffix) => `dist/${format}/${file.replace(/ts$/, suffix)}`),
      ),
    );
    const protos = filesIn(join(root, "proto"))
      .filter((file) => file.endsWith(".proto"))
      .map((file) => `proto/${file}`);
    const docs = ["docs", "examples"]
      .flatMap((name) => filesIn(join(root, name)).map((file) => `${name}/${file}`))
      .filter((file) => !["examples/tsconfig.json", "docs/benchmarks.json"].includes(file));
    const expected = [
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "package.json",
      "dist/cjs/package.json",
      "dist/cli.js",
      "dist/cli-library.cjs",
      "dist/cli-packages.cjs",
      "dist/cli-run.js",
      "dist/cli-testing.cjs",
      ...["icon.svg", "index.html", "page.css", "page.js", "rest.js"].map((file) => `dist/page/${file}`),
      ...built,
      ...protos,
      ...docs,
    ];
    expect(filesIn(project.installed)).toEqual(expected.sort());
  });

  test("holds no token, no key and no path of the machine that built it", () => {
    for (const file of filesIn(project.installed)) {
      const text = readFileSync(join(project.installed, file), "utf8");
      for (const secret of [/eyJ[\w-]{8,}\.[\w-]{8,}/, /-----BEGIN [A-Z ]*PRIVATE KEY/]) {
        expect([file, text.match(secret)?.[0]]).toEqual([file, undefined]);
      }
      expect([file, text.includes(root.replace(/[\\/]$/, ""))]).toEqual([file, false]);
    }
  });

  test("has no `prepare`, of which npm would warn, while who installs from git has it built by that", () => {
    const folder = mkdtempSync(join(tmpdir(), "pack-"));
    try {
      // Of our own, but for what takes long.
      const { dependencies: _, devDependencies: __, peerDependencies: ___, ...manifest } = ownManifest();
      manifest.scripts.build = "node -e \"fs.mkdirSync('dist',{recursive:true});fs.writeFileSync('dist/built','')\"";
      const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
      writeFileSync(join(folder, "package.json"), text);
      for (const args of [
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
      ]) {
        expect(run("git", args, folder)).toMatchObject({ status: 0 });
      }
      const { stdout } = run("npm", ["pack", "--silent"], folder);
      const packed = run("tar", ["-xzOf", stdout.trim(), "package/package.json"], folder);
      expect(JSON.parse(packed.stdout).scripts.prepare).toBe(undefined);
      expect(readFileSync(join(folder, "package.json"), "utf8")).toBe(text);

      const user = join(folder, "user");
      mkdirSync(user);
      writeFileSync(join(user, "package.json"), "{}");
      rmSync(join(folder, "dist"), { recursive: true });
      expect(run("npm", ["install", "--offline", "--allow-git=all", `git+file://${folder}`], user)).toMatchObject({
        status: 0,
      });
      expect(filesIn(join(user, "node_modules/zitadel-refresh-tokens"))).toContain("dist/built");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("tells servers its version", async () => {
    const { version } = JSON.parse(readFileSync(join(project.installed, "package.json"), "utf8")) as {
      version: string;
    };
    expect(userAgent).toBe(`zitadel-refresh-tokens/${version}`);
  });

  test("passes publint", () => {
    const { status, stdout } = project.node(tool("publint/src/cli.js"), project.tarball, "--strict");
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("All good!") });
  });

  test("gives every kind of resolution the types that it runs, says attw", () => {
    const attw = tool("@arethetypeswrong/cli/dist/index.js");
    const { status, stdout, stderr } = project.node(attw, project.tarball, "--no-emoji", "--format", "ascii");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const resolutions = stdout.split("\n").filter((line) => /^(node10|node16 \(from \w+\)|bundler): /.test(line));
    // Each of the six entries, from each of the four.
    expect(resolutions).toHaveLength(24);
    for (const line of resolutions) expect(line).toMatch(/: OK /);
  });
});
