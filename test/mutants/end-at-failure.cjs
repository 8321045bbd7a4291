// Ends the run at the first test that fails, and prints which it was: one is enough to notice a change.
function end(what) {
  require("node:fs").writeSync(1, `${what}\n`);
  process.exit(1);
}

module.exports = class {
  onTestCaseResult(_file, { status, fullName, failureMessages }) {
    if (status !== "failed") return;
    end(failureMessages.some((text) => text.includes("Exceeded timeout")) ? `${fullName} (timed out)` : fullName);
  }
  onTestFileResult(_file, { testFilePath, testExecError }) {
    if (testExecError) end(`${testFilePath}: ${testExecError.message}`);
  }
};
