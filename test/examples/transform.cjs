// What ts-jest and babel-jest make of TypeScript: CommonJS.
const { transformSync } = require("esbuild");

module.exports = {
  process(source, sourcefile) {
    return transformSync(source, { loader: "ts", format: "cjs", target: "es2022", sourcefile, sourcemap: "inline" });
  },
};
