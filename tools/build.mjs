// Builds dist/: the library as ES modules and as CommonJS, with types.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

const tsc = (project) =>
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], { stdio: "inherit" });

rmSync("dist", { recursive: true, force: true });
tsc("tsconfig.build.json");
tsc("tsconfig.cjs.json");
// The package is ESM; this marks the one folder that is not.
writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
await import("./bundle-cli.mjs");
await import("./bundle-page.mjs");
