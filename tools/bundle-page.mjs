// Bundles the page that `serve` shows into dist/page: HTML, CSS and scripts apart, since its Content-Security-Policy
// allows nothing inline.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const outdir = "dist/page";

const bundle = (...entryPoints) =>
  build({
    entryPoints,
    outdir,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    logLevel: "warning",
    external: ["./rest.js"],
  });

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
// REST apart: the page loads it when somebody asks for it. Whole, since what esbuild would share between two scripts
// makes the first of them larger.
await Promise.all([bundle("src/page/page.ts", "src/page/page.css"), bundle("src/page/rest.ts")]);
const html = await readFile("src/page/index.html", "utf8");
await writeFile(`${outdir}/index.html`, html.replace(/\n\s*/g, " "));
await copyFile("src/page/icon.svg", `${outdir}/icon.svg`);
