import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { run } from "./run.js";

// From build/test/packaging, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));
const script = join(root, "tools/release.mjs");

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
const release = () => run(process.execPath, [script], folder);

/** A package that is ready to be released: clean, tested, dated, tagged. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "release-"));
  git("init", "-q");
  writeFileSync(join(folder, ".gitignore"), "build/\n");
  const { prepack, postpack, prepare } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
  const scripts = { build: "node -e 0", prepack, postpack, prepare };
  const manifest = { name: "some-package", version: "1.2.3", repository: "github:some/package", scripts };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  // Nobody is asked unless a test says so.
  writeFileSync(
    join(folder, ".npmrc"),
    "registry=http://127.0.0.1:9/\n//127.0.0.1:9/:_authToken=none\nfetch-retries=0\n",
  );
  writeFileSync(join(folder, "CHANGELOG.md"), "# Changelog\n\n## 1.2.3 (2026-11-25)\n");
  commit();
  git("tag", "v1.2.3");
  passTests();
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the release script", () => {
  test("publishes a tree that is clean, tested, dated and tagged, without what only its clones run", async () => {
    const published: {
      versions: Record<string, { scripts: object }>;
      _attachments: Record<string, { data: string }>;
    }[] = [];
    const registry = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        if (request.method === "PUT") published.push(JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(request.method === "PUT" ? 201 : 404, { "content-type": "application/json" }).end("{}");
      });
    });
    await once(registry.listen(0, "127.0.0.1"), "listening");
    try {
      const host = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
      const options = [`--registry=http://${host}/`, `--//${host}/:_authToken=none`];
      const child = spawn(process.execPath, [script, ...options], { cwd: folder, stdio: "ignore" });
      const [status] = await once(child, "exit");
      expect({ status, count: published.length }).toEqual({ status: 0, count: 1 });
    } finally {
      registry.close();
      registry.closeAllConnections();
    }
    const [{ versions, _attachments } = { versions: {}, _attachments: {} }] = published;
    const [{ data = "" } = {}] = Object.values(_attachments);
    writeFileSync(join(folder, "build/published.tgz"), Buffer.from(data, "base64"));
    const { stdout } = run("tar", ["-xzOf", "build/published.tgz", "package/package.json"], folder);
    // What the registry says of it, and what it is.
    for (const { scripts } of [versions["1.2.3"] ?? { scripts: {} }, JSON.parse(stdout)]) {
      expect(Object.keys(scripts)).toEqual(["build", "prepack", "postpack"]);
    }
    expect(git("status", "--porcelain")).toBe("");
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
    [
      "that names no repository",
      () => writeFileSync(join(folder, "package.json"), '{ "name": "some-package", "version": "1.2.3" }'),
      "npm pkg set repository=",
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
