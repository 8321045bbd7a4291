// One closing line that is the same in every language's test runner.
module.exports = class {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const rest = skipped > 0 ? `, ${skipped} skipped` : "";
    console.log(`${results.numPassedTests} passed, ${failed} failed${rest}`);
  }
};
