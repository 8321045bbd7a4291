// Bundles the command into two files, and makes its man page: read file by file, the library takes longer to load than
// its calls take. The first file turns on the compile cache, and only what is loaded after that comes from it.
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

const theRest = {
  name: "the-rest",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/run\.js$/ }, () => ({ path: "./cli-run.js", external: true }));
  },
};

const bundle = async (entry, outfile, plugins = []) =>
  await build({
    entryPoints: [`src/cli/${entry}`],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Half the text to read at every start.
    minify: true,
    logLevel: "warning",
    plugins: [builtinsOnDemand, ...plugins],
    banner: {
      js: "// Holds parts of @bufbuild/protobuf and @connectrpc/connect, Apache-2.0, which are installed with this package.",
    },
  });

await bundle("main.ts", "dist/cli.js", [theRest]);
await bundle("run.ts", "dist/cli-run.js");
chmodSync("dist/cli.js", 0o755);

const maker = "dist/man-page.mjs";
await bundle("help/man-page.ts", maker);
const { manPage } = await import(`../${maker}`);
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
writeFileSync("dist/zitadel-refresh-tokens.1", await manPage(version));
rmSync(maker);
