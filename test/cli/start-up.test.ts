import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { cli } from "./run-cli.js";

// Says at the end which of Node's modules were loaded for the command.
const spy = `data:text/javascript,${encodeURIComponent(`
  const loaded = [];
  const { getBuiltinModule } = process;
  process.getBuiltinModule = (name) => { loaded.push(name); return getBuiltinModule(name); };
  process.on("exit", () => process.stderr.write("loaded " + loaded.join(" ") + "\\n"));
`)}`;

function loadedFor(...args: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", spy, cli, ...args], { encoding: "utf8" });
  return (
    /^loaded (.*)$/m
      .exec(stderr)?.[1]
      ?.split(" ")
      .filter((name) => name !== "") ?? ["no spy"]
  );
}

// What costs time at every start; seconds are not measured, since they are another machine's.
describe("the command loads none of Node's modules", () => {
  for (const args of [["--help"], ["list", "--help"], ["no-such-command"]]) {
    test(`for ${args.join(" ")}`, () => {
      expect(loadedFor(...args)).toEqual([]);
    });
  }

  test("but for a command that runs, so that this test could fail", () => {
    expect(loadedFor("list", "-u", "http://127.0.0.1:9", "--token-file", "/no/such")).toContain("node:http2");
  });
});
