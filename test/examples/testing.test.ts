import { expect, test } from "@jest/globals";
import { Running } from "./run-example.js";

const jest = ["--experimental-vm-modules", "--no-warnings", "node_modules/jest/bin/jest.js"];
// An application's own settings, in place of this package's.
const settings = { rootDir: "build/examples", transform: {}, testEnvironment: "node" };

for (const [name, passed, args] of [
  ["jest", /Tests: +2 passed, 2 total/, [...jest, "--config", JSON.stringify(settings), "testing/jest.test.js"]],
  ["vitest", /Tests +2 passed \(2\)/, ["node_modules/vitest/vitest.mjs", "run", "examples/testing/vitest.test.ts"]],
  ["node", /^# pass 2$/m, ["--test", "--test-reporter=tap", "build/examples/testing/node.test.js"]],
  [
    "router-transport",
    /^# pass 1$/m,
    ["--test", "--test-reporter=tap", "build/examples/testing/router-transport.test.js"],
  ],
] as const) {
  test(`examples/testing/${name}.test.ts passes`, async () => {
    expect(await new Running(args, {}).ends()).toEqual({ status: 0, output: expect.stringMatching(passed) });
  });
}
