import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import * as nodeModule from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { cli } from "./run-cli.js";

// Says at the end which of Node's modules were loaded for the command.
const spy = `data:text/javascript,${encodeURIComponent(`
  const loaded = [];
  const { getBuiltinModule, moduleLoadList } = process;
  const own = new Set(moduleLoadList);
  process.getBuiltinModule = (name) => {
    if (!own.has("NativeModule " + name.replace("node:", ""))) loaded.push(name);
    return getBuiltinModule(name); };
  process.on("exit", () => process.stderr.write("loaded " + loaded.join(" ") + "\\n"));
`)}`;

function loadedFor(...args: string[]): string[] {
  const env = { ...process.env, ZITADEL_TOKEN: "any" };
  const { stderr } = spawnSync(process.execPath, ["--import", spy, cli, ...args], { encoding: "utf8", env });
  const names = /^loaded (.*)$/m.exec(stderr)?.[1]?.split(" ") ?? ["no spy"];
  return [...new Set(names)].filter((name) => name !== "");
}

// What costs time at every start; seconds are not measured, since they are another machine's.
describe("the command loads none of Node's modules that Node does not load itself", () => {
  for (const args of [["--help"], ["list", "--help"], ["no-such-command"]]) {
    test(`for ${args.join(" ")}`, () => {
      // For the compile cache; Node has most of it already.
      expect(loadedFor(...args)).toEqual(["node:module"]);
    });
  }

  test("but for one that runs, and over cleartext no TLS, which takes longer to set up than the call", () => {
    const loaded = loadedFor("list", "-u", "http://127.0.0.1:9");
    expect(loaded).toContain("node:http2");
    expect(loaded).not.toContain("node:https");
  });
});

// Node 20 has no such cache.
const hasCache = "enableCompileCache" in nodeModule;

(hasCache ? test : test.skip)("the command keeps its compiled code in the user's cache (needs Node 22.1)", () => {
  const home = mkdtempSync(join(tmpdir(), "cli-cache-"));
  for (const variables of [{ HOME: home }, { HOME: "/nowhere", XDG_CACHE_HOME: join(home, "xdg") }]) {
    spawnSync(process.execPath, [cli, "--version"], { env: { PATH: process.env.PATH, ...variables } });
  }
  const folders = readdirSync(home).map((name) => readdirSync(join(home, name, "zitadel-refresh-tokens")).length > 0);
  rmSync(home, { recursive: true });
  expect(folders).toEqual([true, true]);
});

(process.platform === "win32" ? test.skip : test)(
  "the command is five files, of which the first runs by its first line, and the page's for REST (needs POSIX)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "cli-alone-"));
    // For its "type".
    copyFileSync(join(cli, "../../package.json"), join(folder, "package.json"));
    const names = "cli.js cli-run.js cli-library.cjs cli-packages.cjs cli-testing.cjs page/rest.js";
    for (const name of names.split(" ")) {
      cpSync(join(cli, "..", name), join(folder, "dist", name));
    }
    const env = { PATH: process.env.PATH, ZITADEL_TOKEN: "any" };
    const outcomes = ["grpc", "grpc-web", "rest"].map((protocol) => {
      const args = ["list", "--protocol", protocol, "-u", "http://127.0.0.1:9"];
      return spawnSync(join(folder, "dist/cli.js"), args, { env, encoding: "utf8" }).stderr;
    });
    rmSync(folder, { recursive: true });
    expect(new Set(outcomes)).toEqual(new Set(["error: [unavailable] nothing listens at 127.0.0.1:9\n"]));
  },
);
