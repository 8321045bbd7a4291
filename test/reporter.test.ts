import { createRequire } from "node:module";
import { expect, jest, test } from "@jest/globals";

// From build/test, where this file runs.
const Reporter = createRequire(import.meta.url)("../../test/reporter.cjs");

test("the last lines of npm test say what was skipped, and why", () => {
  const log = jest.spyOn(console, "log").mockImplementation(() => {});
  const skipped = (fullName: string) => ({ status: "pending", fullName });
  const testResults = [
    { testResults: [{ status: "passed", fullName: "prints a line (needs curl)" }, skipped("prints (needs curl)")] },
    { testResults: [skipped("completion fish (needs fish) list"), skipped("completion fish (needs fish) revoke")] },
    { testResults: [skipped("in Chromium: a page"), skipped("of no reason"), { status: "todo", fullName: "later" }] },
  ];
  try {
    const counts = { numPassedTests: 1, numFailedTests: 0, numRuntimeErrorTestSuites: 2 };
    new Reporter().onRunComplete(undefined, { ...counts, testResults });
    expect(log.mock.calls.map(([line]) => line)).toEqual([
      "skipped 1: needs curl",
      "skipped 2: needs fish",
      "skipped 1: needs Chromium: install it, or set CHROMIUM_PATH to one",
      "skipped 2: their names say no reason (with -t, they did not match)",
      "1 passed, 2 failed, 6 skipped",
    ]);
  } finally {
    log.mockRestore();
  }
});
