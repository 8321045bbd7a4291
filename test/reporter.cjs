// Says once why browser tests were skipped, and closes with one line that is the same in every language's test runner.
module.exports = class {
  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) => file.testResults);
    const skippedInChromium = tests.filter(
      (test) => test.status === "pending" && test.title.startsWith("in Chromium: "),
    );
    if (skippedInChromium.length > 0) {
      console.log(`skipped ${skippedInChromium.length} browser tests: install chromium, or set CHROMIUM_PATH to one`);
    }
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const rest = skipped > 0 ? `, ${skipped} skipped` : "";
    console.log(`${results.numPassedTests} passed, ${failed} failed${rest}`);
  }
};
