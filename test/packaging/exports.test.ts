import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What a program sees that names this package: `conditions` are added to those that Node has. */
function evaluate(format: "import" | "require", specifier: string, conditions: readonly string[]) {
  const code =
    format === "import"
      ? `const it = await import("${specifier}"); const path = import.meta.resolve("${specifier}");`
      : `const it = require("${specifier}"); const path = require.resolve("${specifier}");`;
  const flags = conditions.map((condition) => `--conditions=${condition}`);
  const type = format === "import" ? "module" : "commonjs";
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, `--input-type=${type}`, "-e", `${code} console.log(JSON.stringify({ path, names: Object.keys(it) }))`],
    { cwd: root, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  const { path, names } = JSON.parse(stdout) as { path: string; names: string[] };
  return {
    path: path.slice(path.lastIndexOf("/dist/") + 1),
    names: names.filter((name) => name !== "__esModule").sort(),
  };
}

const name = "zitadel-refresh-tokens";

const publicNames = [
  "AuthService",
  "Code",
  "ConnectError",
  "createAuthClient",
  "createAuthTransport",
  "getErrorInfo",
  "grpc",
  "grpcWeb",
  "rest",
  "revokeRefreshTokens",
  "viewFromJson",
  "viewRefreshTokens",
  "viewToJson",
];

describe("one name resolves to what the runtime needs", () => {
  for (const format of ["import", "require"] as const) {
    const folder = format === "import" ? "dist/esm" : "dist/cjs";
    for (const [specifier, conditions, file] of [
      [name, [], "node"],
      [name, ["browser"], "web"],
      [name, ["workerd"], "web"],
      [name, ["edge-light"], "web"],
      [name, ["react-native"], "web"],
      [`${name}/node`, ["browser"], "node"],
      [`${name}/web`, [], "web"],
      [`${name}/testing`, [], "testing"],
    ] as const) {
      test(`${format} of ${specifier} with ${conditions[0] ?? "node"} is ${file}`, () => {
        expect(evaluate(format, specifier, conditions).path).toBe(`${folder}/src/${file}.js`);
      });
    }

    test(`${format} gives the same names in every runtime`, () => {
      const { names } = evaluate(format, name, []);
      expect(names).toEqual(expect.arrayContaining(publicNames));
      expect(evaluate(format, name, ["browser"]).names).toEqual(names);
    });
  }

  test("the inside of the package is closed", () => {
    expect(() => evaluate("import", `${name}/dist/esm/src/transport.js`, [])).toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  test("tools can read package.json", () => {
    expect(() => evaluate("require", `${name}/package.json`, [])).not.toThrow();
  });
});
