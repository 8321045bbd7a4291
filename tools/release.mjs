// Publishes what has been tested, and nothing else: `node tools/release.mjs`, with options of `npm publish` after it. Refuses
// a package without a repository, a tree that is dirty, that .ci/run has not passed on, or whose version the changelog and the tags do not agree with.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const git = (...args) => execFileSync("git", args, { encoding: "utf8" }).trim();

/** Why there can be no release now, if there is a reason. */
function refusal() {
  const { version, repository } = JSON.parse(readFileSync("package.json", "utf8"));
  // npm proves where a package was built by it (provenance).
  if (!repository) return "package.json names no repository: npm pkg set repository=github:OWNER/NAME";
  const dirty = git("status", "--porcelain");
  if (dirty) return `the tree is dirty: commit or remove\n${dirty}`;
  const tested = existsSync("build/tested-tree") ? readFileSync("build/tested-tree", "utf8").trim() : "";
  if (tested !== git("rev-parse", "HEAD^{tree}")) return "this tree is untested: run .ci/run until it passes";
  const entry = readFileSync("CHANGELOG.md", "utf8").match(/^## (.*)$/m)?.[1];
  if (!new RegExp(`^${version.replaceAll(".", "\\.")} \\(\\d{4}-\\d\\d-\\d\\d\\)$`).test(entry)) {
    return `CHANGELOG.md begins with "${entry}": it should be "${version} (YYYY-MM-DD)", the day of the release`;
  }
  const tags = git("tag", "--points-at", "HEAD").split("\n");
  if (!tags.includes(`v${version}`)) return `this commit is not tagged: git tag v${version}`;
  return undefined;
}

const reason = refusal();
if (reason) {
  console.error(`No release: ${reason}`);
  process.exitCode = 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), "release-"));
  // Of a folder npm would publish the manifest as it is before and after packing, which is not the packed one.
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { encoding: "utf8" });
  const tarball = join(folder, packed.trim().split("\n").at(-1));
  const { status } = spawnSync("npm", ["publish", tarball, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = status ?? 1;
  rmSync(folder, { recursive: true });
}
