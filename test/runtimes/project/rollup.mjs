import { nodeResolve } from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { rollup } from "rollup";

async function build(input, file, plugin) {
  const bundle = await rollup({ input, external: /^node:/, plugins: [plugin, terser()] });
  await bundle.write({ file, format: "esm", inlineDynamicImports: true });
}
for (const entry of ["page", "size-grpc-web", "size-rest"]) {
  await build(`${entry}.js`, `out/rollup/${entry}.js`, nodeResolve({ browser: true }));
}
await build("program.js", "out/rollup/program.mjs", nodeResolve({ exportConditions: ["node"] }));
