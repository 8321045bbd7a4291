import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalZitadel } from "../../src/testing.js";
import { median } from "./median.js";
import { root } from "./pages.js";

/** Medians, in milliseconds from start to exit, on one version of Node. */
export type CommandTimes = { node: string; empty: number; help: number; list: number };

/** Runs the command and an empty program in turns, with each of the given Nodes. */
export async function measureCommand(nodes: readonly string[], rounds: number): Promise<CommandTimes[]> {
  const folder = mkdtempSync(join(tmpdir(), "bench-command-"));
  const zitadel = await startLocalZitadel();
  try {
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, zitadel.users[0]?.token ?? "", { mode: 0o600 });
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "");
    const cli = join(root, "dist/cli.js");
    const env = { ...process.env, ZITADEL_URL: zitadel.url, ZITADEL_TOKEN_FILE: tokenFile };
    const programs = { empty: [empty], help: [cli, "--help"], list: [cli, "list"] };
    const times: CommandTimes[] = [];
    for (const node of nodes) {
      const taken: Record<keyof typeof programs, number[]> = { empty: [], help: [], list: [] };
      for (let round = -1; round < rounds; round++) {
        for (const [name, args] of Object.entries(programs)) {
          const ms = await timeOf(node, args, env);
          // The first fills caches, among them V8's.
          if (round >= 0) taken[name as keyof typeof programs].push(ms);
        }
      }
      const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
      times.push({ node: version, empty: median(taken.empty), help: median(taken.help), list: median(taken.list) });
    }
    return times;
  } finally {
    await zitadel.close();
    rmSync(folder, { recursive: true });
  }
}

async function timeOf(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const started = performance.now();
  const child = spawn(node, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${args.at(-1)} ended with ${status}`);
  return performance.now() - started;
}
