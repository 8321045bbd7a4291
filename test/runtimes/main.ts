// `npm run runtimes`: runs one contract in every runtime and bundle, each installed from npm, and writes what came of
// it to last-run.json and into the pages that show it. With words, only the targets whose names hold one of them, and
// writes nothing.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { startLocalZitadel } from "../../src/testing.js";
import { findChromium } from "../helpers/find-chromium.js";
import { Project, root } from "./project-folder.js";
import { failures, type Row, renderRun, type Size, writeTables } from "./report.js";
import { forAll, type Stage } from "./stage.js";
import { nodes, type Target, targets } from "./targets.js";

const words = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = targets.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
);

async function tryTarget(target: Target, stage: Stage): Promise<{ rows: readonly Row[]; size?: Size }> {
  try {
    await stage.project.install(target.packages);
  } catch (error) {
    return { rows: [{ group: target.name, name: "", report: { notTried: (error as Error).message } }] };
  }
  try {
    return await target.run(stage);
  } catch (error) {
    return { rows: [{ group: target.name, name: "", report: forAll({ failed: (error as Error).message }) }] };
  }
}

await using zitadel = await startLocalZitadel();
await using hanging = await startLocalZitadel({
  faults: [{ kind: "hang", times: Number.POSITIVE_INFINITY }],
});
const contract = {
  url: zitadel.url,
  hangingUrl: hanging.url,
  // ZITADEL lets it be used from a page of any origin.
  token: zitadel.users[0].tokens.personal,
  count: zitadel.users[0].refreshTokens.length,
};

const project = await Project.create();
const executablePath = findChromium();
let browser: Browser | undefined;
try {
  browser = executablePath === undefined ? undefined : await chromium.launch({ executablePath });
  const newest = nodes.at(-1);
  await project.install([`node-${newest}@npm:node@${newest}`]);
  const node = project.path(`node_modules/node-${newest}/bin/node`);
  const rows: Row[] = [];
  const sizes: Size[] = [];
  for (const target of chosen) {
    process.stderr.write(`${target.name}\n`);
    const outcome = await tryTarget(target, { project, contract, node, browser });
    rows.push(...outcome.rows);
    if (outcome.size) sizes.push(outcome.size);
  }
  const run = { date: new Date().toISOString().slice(0, 10), rows, sizes };
  console.log(renderRun(run));
  if (words.length === 0) {
    writeFileSync(join(root, "test/runtimes/last-run.json"), `${JSON.stringify(run, null, 2)}\n`);
    const path = join(root, "docs/runtimes.md");
    writeFileSync(path, writeTables(readFileSync(path, "utf8"), run));
  }
  for (const failure of failures(run)) {
    console.error(failure);
    process.exitCode = 1;
  }
} finally {
  await browser?.close();
  project.remove();
}
