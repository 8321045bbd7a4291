// Jest runs tests in a context with an Error class of its own, so that an error made by Node's core is not
// `instanceof Error` there, and Connect takes it for an unknown value. This makes the context's classes
// recognize Node's as well. `this === inner` keeps subclasses such as ConnectError exact.
const { runInContext } = require("node:vm");
const { TestEnvironment } = require("jest-environment-node");

const names = ["Error", "TypeError", "RangeError", "SyntaxError", "AggregateError"];

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    for (const name of names) {
      const inner = runInContext(name, this.context);
      const outer = globalThis[name];
      Object.defineProperty(inner, Symbol.hasInstance, {
        configurable: true,
        value(value) {
          const own = Function.prototype[Symbol.hasInstance].call(this, value);
          return own || (this === inner && value instanceof outer);
        },
      });
    }
  }
};
