// Closes with what was skipped and why, and one line that is the same in every language's test runner. A test that can be
// skipped says why in its name: "(needs curl)", or "in Chromium: …".
const reasonOf = ({ fullName }) =>
  fullName.includes("in Chromium: ")
    ? "needs Chromium: install it, or set CHROMIUM_PATH to one"
    : (fullName.match(/needs [^()]+/)?.[0] ?? "their names say no reason (with -t, they did not match)");

module.exports = class {
  onRunComplete(_contexts, results) {
    const skipped = results.testResults
      .flatMap((file) => file.testResults)
      .filter(({ status }) => status === "pending" || status === "todo");
    const counts = new Map();
    for (const test of skipped) {
      const reason = reasonOf(test);
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of counts) console.log(`skipped ${count}: ${reason}`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
    console.log(`${results.numPassedTests} passed, ${failed} failed${rest}`);
  }
};
