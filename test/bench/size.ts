import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { installedParts } from "../packaging/installed-size.js";
import { measureSizes } from "./sizes.js";

const { values: options } = parseArgs({ options: { json: { type: "string" } } });
const sizes = await measureSizes();

const kilobytes = (bytes: number | undefined) => (bytes === undefined ? "" : Number((bytes / 1000).toFixed(1)));
console.table(
  Object.fromEntries(
    Object.entries(sizes).map(([name, { minified, gzip, limit }]) => [
      name,
      { "minified kB": kilobytes(minified), "gzip kB": kilobytes(gzip), "at most": kilobytes(limit) },
    ]),
  ),
);
console.table(
  Object.fromEntries(installedParts().map(({ name, bytes }) => [name, { "installed kB": kilobytes(bytes) }])),
);
if (options.json) writeFileSync(options.json, `${JSON.stringify(sizes, null, 2)}\n`);
