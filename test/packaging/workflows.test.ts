import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

// From build/test/packaging, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const { scripts, engines, dependencies } = JSON.parse(read("package.json")) as {
  scripts: Record<string, string>;
  engines: { node: string };
  dependencies: Record<string, string>;
};
const workflows = readdirSync(join(root, ".github/workflows")).map((name) => `.github/workflows/${name}`);

test("CI runs scripts that there are", () => {
  const seen: string[] = [];
  for (const path of [...workflows, ".ci/run"]) {
    const text = read(path);
    const matrix = /script: \[(.*)\]/.exec(text)?.[1]?.split(", ") ?? [];
    const named = [...text.matchAll(/npm run (\w[\w:-]*)/g)].map(([, name]) => name as string);
    for (const name of [...named, ...matrix])
      expect([path, Object.keys(scripts)]).toEqual([path, expect.arrayContaining([name])]);
    seen.push(...named, ...matrix);
  }
  expect(seen).toContain("check");
});

test("CI tests what package.json promises at least", () => {
  const lowest = (range = "") => range.replace(/^(>=|\^)/, "");
  const node = lowest(engines.node);
  const protobuf = `@bufbuild/protobuf@${lowest(dependencies["@bufbuild/protobuf"])}`;
  const connect = lowest(dependencies["@connectrpc/connect"]);
  const check = read(".github/workflows/check.yml");
  expect(check).toContain(`{ node: "${node}", libraries: oldest }`);
  expect(check).toContain(`node: ["${node}", `);
  for (const path of [".ci/run", ".github/workflows/check.yml"])
    expect(read(path)).toContain(`${protobuf} @connectrpc/connect{,-node,-web}@${connect}`);
  expect(read("test/packaging/installs.ts")).toContain(`"${protobuf}", "@connectrpc/connect@${connect}"`);
});

test("Connect's packages, each of which wants the very version of another, are of one", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  const { devDependencies } = JSON.parse(read("package.json"));
  const names = ["connect", "connect-node", "connect-web"].map((name) => `@connectrpc/${name}`);
  const locked = names.map((name) => packages[`node_modules/${name}`].version);
  const pinned = names.slice(1).map((name) => devDependencies[name]);
  expect([...locked, ...pinned]).toEqual(Array(5).fill(locked[0]));
});
