// Bundles the command: read file by file, the library takes longer to load than its calls take.
// The first file turns on the compile cache, and only what is loaded after that comes from it. The second is the command
// itself, and the library's two entries are files of their own, so that --help does not wait for them to be read.
import { chmodSync } from "node:fs";
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

const libraryOnDemand = {
  name: "library-on-demand",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/(node|library|testing|packages)\.js$/ }, ({ path }) => ({ path, namespace: "library" }));
    onLoad({ filter: /.*/, namespace: "library" }, ({ path }) => ({
      contents: `module.exports = requireHere("./cli-${/(testing|packages)\.js$/.exec(path)?.[1] ?? "library"}.cjs");`,
    }));
  },
};

// The page has REST in a file, which does for the command.
const restOnDemand = {
  name: "rest-on-demand",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/rest\.js$/ }, () => ({ path: "./page/rest.js", external: true }));
    onLoad({ filter: /protocol\/rest\/rest\.ts$/ }, () => ({ contents: "export const rest = undefined;" }));
  },
};

// It would end the process at Ctrl+C, which the command does itself once a refreshed login is kept. A lock that is left
// over gets stale.
const noSignalExit = {
  name: "no-signal-exit",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^signal-exit$/ }, ({ path }) => ({ path, namespace: "none" }));
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = () => () => {};" }));
  },
};

const theRest = {
  name: "the-rest",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/run\.js$/ }, () => ({ path: "./cli-run.js", external: true }));
  },
};

const bundle = async (entry, outfile, plugins = [], banner = "") =>
  await build({
    entryPoints: [`src/${entry}`],
    outfile,
    bundle: true,
    format: outfile.endsWith(".cjs") ? "cjs" : "esm",
    platform: "node",
    target: "node20",
    // Half the text to read at every start.
    minify: true,
    logLevel: "warning",
    plugins: [builtinsOnDemand, ...plugins],
    banner: { js: banner },
  });

const parts =
  "// Holds parts of @bufbuild/protobuf and @connectrpc/connect, Apache-2.0, which are installed with this package.";
const ofPackages = "// Holds openid-client, oauth4webapi, jose, proper-lockfile, retry (MIT) and graceful-fs (ISC).";
const requireHere = 'const requireHere = process.getBuiltinModule("node:module").createRequire(import.meta.url);';

await bundle("cli/main.ts", "dist/cli.js", [theRest]);
await bundle("cli/run.ts", "dist/cli-run.js", [libraryOnDemand, restOnDemand], requireHere);
await bundle("cli/library.ts", "dist/cli-library.cjs", [restOnDemand], parts);
await bundle("cli/login/packages.ts", "dist/cli-packages.cjs", [noSignalExit], ofPackages);
await bundle("testing.ts", "dist/cli-testing.cjs", [], parts);
chmodSync("dist/cli.js", 0o755);
