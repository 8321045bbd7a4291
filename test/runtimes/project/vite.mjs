import { build } from "vite";

function run(entry, file, options) {
  const rollupOptions = { input: { [entry]: `${entry}.js` }, output: { entryFileNames: file } };
  const outputs = { outDir: "out/vite", emptyOutDir: false, rollupOptions, ...options };
  return build({ configFile: false, logLevel: "warn", ssr: { noExternal: true }, build: outputs });
}
for (const entry of ["page", "size-grpc-web", "size-rest"]) await run(entry, `${entry}.js`, { modulePreload: false });
await run("program", "program.mjs", { ssr: true, minify: true });
