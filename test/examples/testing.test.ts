import { expect, test } from "@jest/globals";
import { Running } from "./run-example.js";

// An application's own settings, in place of this package's.
const jest = (settings: object) => [
  "node_modules/jest/bin/jest.js",
  "--config",
  JSON.stringify({ testEnvironment: "node", testMatch: ["**/testing/jest.test.*s"], ...settings }),
];
const vmModules = ["--experimental-vm-modules", "--no-warnings"];
const passedTwo = /Tests: +2 passed, 2 total/;

for (const [name, passed, args, how = ""] of [
  ["jest", passedTwo, [...vmModules, ...jest({ rootDir: "build/examples", transform: {} })], " as ES modules"],
  [
    "jest",
    passedTwo,
    jest({ rootDir: "examples", transform: { "\\.ts$": "<rootDir>/../test/examples/transform.cjs" } }),
    " as CommonJS, which ts-jest and babel-jest make of it",
  ],
  ["vitest", /Tests +2 passed \(2\)/, ["node_modules/vitest/vitest.mjs", "run", "examples/testing/vitest.test.ts"]],
  ["node", /^# pass 2$/m, ["--test", "--test-reporter=tap", "build/examples/testing/node.test.js"]],
  [
    "router-transport",
    /^# pass 1$/m,
    ["--test", "--test-reporter=tap", "build/examples/testing/router-transport.test.js"],
  ],
] as const) {
  test(`examples/testing/${name}.test.ts passes${how}`, async () => {
    expect(await new Running(args, {}).ends()).toEqual({ status: 0, output: expect.stringMatching(passed) });
  });
}
