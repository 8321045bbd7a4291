// Bundles the command into one file: read file by file, the library takes longer to load than its calls take.
import { chmod } from "node:fs/promises";
import { build } from "esbuild";

// Static imports of an ES module are loaded before its first line runs. What is loaded this way is loaded when the
// module that wants it is, so that --help does not wait for HTTP/2.
const builtinsOnDemand = {
  name: "builtins-on-demand",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const outfile = "dist/cli.js";

await build({
  entryPoints: ["src/cli/main.ts"],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Half the text to read at every start.
  minify: true,
  logLevel: "warning",
  plugins: [builtinsOnDemand],
  banner: {
    js: "// Holds parts of @bufbuild/protobuf and @connectrpc/connect, Apache-2.0, which are installed with this package.",
  },
});
await chmod(outfile, 0o755);
