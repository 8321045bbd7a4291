import { build } from "esbuild";

const common = { bundle: true, minify: true, format: "esm", target: "es2022", logLevel: "warning" };
for (const entry of ["page", "size-grpc-web", "size-rest"]) {
  await build({ ...common, entryPoints: [`${entry}.js`], platform: "browser", outfile: `out/esbuild/${entry}.js` });
}
await build({ ...common, entryPoints: ["program.js"], platform: "node", outfile: "out/esbuild/program.mjs" });
