import { join } from "node:path";
import { promisify } from "node:util";
import webpack from "webpack";

const path = join(import.meta.dirname, "out/webpack");

async function build(name, target, filename) {
  const stats = await promisify(webpack)({
    mode: "production",
    target,
    entry: `./${name}.js`,
    output: { path, filename },
  });
  if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
}
for (const entry of ["page", "size-grpc-web", "size-rest"]) await build(entry, "web", `${entry}.js`);
await build("program", "node20", "program.cjs");
