export default {
  transform: {},
  injectGlobals: false,
  roots: ["<rootDir>/build/test"],
  testMatch: ["**/*.test.js"],
  testEnvironment: "<rootDir>/test/environment.cjs",
  reporters: ["default", "<rootDir>/test/reporter.cjs"],
  maxWorkers: "100%",
  // A guard against hanging, also for tests that start processes on a busy machine.
  testTimeout: 30_000,
};
