// Installs the package as users do, from the registry, and sees that it works: `npm run installs`.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "./run.js";

// From build/test/packaging, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));
const scratch = realpathSync(mkdtempSync(join(tmpdir(), "installs-")));

/** Fails with what the command said. */
function must(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout.trim();
}

const npx = (cwd: string, tool: string, ...args: string[]) => must(cwd, "npx", "-y", "-p", ...tool.split(" "), ...args);

const listing = `
const { createAuthClient, grpc, grpcWeb, rest } = require("zitadel-refresh-tokens");
const { startLocalZitadel } = require("zitadel-refresh-tokens/testing");
(async () => {
  const zitadel = await startLocalZitadel();
  const seen = [];
  for (const protocol of [grpc, grpcWeb, rest]) {
    const auth = createAuthClient({ baseUrl: zitadel.url, token: zitadel.users[0].token, protocol });
    seen.push((await auth.listMyRefreshTokens({})).result.length);
    await auth.close();
  }
  await zitadel.close();
  console.log(seen.join(" "));
})();`;

/** A project that lists over each protocol, after `install`, and for which `node` runs. */
function listIn(folder: string, runNode: (folder: string) => string = (cwd) => must(cwd, "node", "list.cjs")): void {
  writeFileSync(join(folder, "list.cjs"), listing);
  const output = runNode(folder);
  if (!output.endsWith("6 6 6")) throw new Error(`it listed ${output}`);
}

function project(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "somebody", private: true }));
  return folder;
}

const sharing = `
import { fromJson, toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { AuthService, createAuthTransport, rest, RefreshTokenSchema } from "zitadel-refresh-tokens";
const transport = createAuthTransport({ baseUrl: "https://example.com", protocol: rest });
console.log(createClient(AuthService, transport), toJson(RefreshTokenSchema, fromJson(RefreshTokenSchema, {})));`;

/** Type-checks and bundles, in a project that has them as well, what it shares with us; there is one copy of each. */
async function shareIn(folder: string): Promise<void> {
  writeFileSync(join(folder, "share.ts"), sharing);
  const compilerOptions = { strict: true, module: "esnext", moduleResolution: "bundler", noEmit: true, types: [] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["share.ts"] }));
  must(folder, "node", join(root, "node_modules/typescript/bin/tsc"), "-p", ".");
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ["share.ts"],
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  for (const name of ["@bufbuild/protobuf", "@connectrpc/connect"]) {
    const copies = Object.keys(metafile.inputs).flatMap((path) => path.split(`/${name}/dist`).slice(0, -1));
    if (new Set(copies).size !== 1) throw new Error(`it bundles ${name} from ${[...new Set(copies)].join(" and ")}`);
  }
}

const tarball = join(scratch, must(root, "npm", "pack", "--silent", "--pack-destination", scratch));

// What package.json allows at least.
const lowest = ["@bufbuild/protobuf@2.13.0", "@connectrpc/connect@2.2.0"];

const ways: Record<string, () => void | Promise<void>> = {
  "npm, the tarball": () => {
    const folder = project("npm");
    must(folder, "npm", "install", tarball);
    listIn(folder);
    const help = must(folder, "npx", "--no-install", "zitadel-refresh-tokens", "--help");
    if (!help.includes("revoke-all")) throw new Error(`--help said ${help}`);
    const packages = readdirSync(join(folder, "node_modules"));
    if (packages.join() !== ".bin,.package-lock.json,@bufbuild,@connectrpc,zitadel-refresh-tokens") {
      throw new Error(`it installed ${packages}`);
    }
  },
  "npm, beside the lowest protobuf and Connect": () => {
    const folder = project("npm-lowest");
    must(folder, "npm", "install", "--save-exact", ...lowest);
    must(folder, "npm", "install", tarball);
    listIn(folder);
    return shareIn(folder);
  },
  "pnpm, beside the lowest protobuf and Connect": () => {
    const folder = project("pnpm-lowest");
    npx(folder, "pnpm@10 pnpm", "add", "--save-exact", ...lowest);
    npx(folder, "pnpm@10 pnpm", "add", tarball);
    listIn(folder);
    return shareIn(folder);
  },
  "pnpm, the tarball": () => {
    const folder = project("pnpm");
    npx(folder, "pnpm@10 pnpm", "add", tarball);
    listIn(folder);
  },
  "yarn 1, the tarball": () => {
    const folder = project("yarn1");
    npx(folder, "yarn@1.22.22 yarn", "add", tarball);
    listIn(folder);
  },
  "yarn 4 with Plug'n'Play, the tarball": () => {
    const folder = project("yarn4");
    writeFileSync(join(folder, "yarn.lock"), "");
    writeFileSync(join(folder, ".yarnrc.yml"), "enableTelemetry: false\nenableImmutableInstalls: false\n");
    npx(folder, "@yarnpkg/cli-dist@4 yarn", "add", `zitadel-refresh-tokens@file:${tarball}`);
    listIn(folder, (cwd) => npx(cwd, "@yarnpkg/cli-dist@4 yarn", "node", "list.cjs"));
  },
  "npm, from git": () => {
    const folder = project("git");
    // The commit that is checked out, as `npm install git+https://…` gets it: without dist/.
    must(folder, "npm", "install", "--allow-git=all", `git+file://${root}`);
    listIn(folder);
  },
  "pnpm, from git": () => {
    const folder = project("pnpm-git");
    const source = `git+file://${root}#${must(root, "git", "rev-parse", "HEAD")}`;
    const allowed = `onlyBuiltDependencies:\n  - "zitadel-refresh-tokens@${source}"\n`;
    writeFileSync(join(folder, "pnpm-workspace.yaml"), allowed);
    npx(folder, "pnpm@10 pnpm", "add", source);
    listIn(folder);
  },
};

let failed = 0;
try {
  for (const [name, install] of Object.entries(ways)) {
    const started = performance.now();
    try {
      await install();
      console.log(`works   ${name} (${Math.round((performance.now() - started) / 1000)} s)`);
    } catch (error) {
      failed++;
      console.log(`fails   ${name}: ${(error as Error).message}`);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${Object.keys(ways).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
