import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Row } from "./report.js";
import { build, forAll, type Stage } from "./stage.js";

const program = "node_modules/next/dist/bin/next";

/** Builds the Next.js app, starts it, and asks a server component, the page in a browser and an edge route. */
export async function runNext(stage: Stage): Promise<Row[]> {
  const { project, node, contract, browser } = stage;
  await build(stage, node, program, "build");
  const server = spawn(node, [program, "start", "--port", "0", "--hostname", "127.0.0.1"], {
    cwd: project.folder,
    env: { ...process.env, CONTRACT: JSON.stringify(contract), NEXT_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let said = "";
    let url: string | undefined;
    for await (const text of server.stdout.setEncoding("utf8")) {
      said += text;
      url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url && said.includes("Ready")) break;
    }
    if (!url) throw new Error(`next start ended: ${said}`);
    const group = `Next.js ${project.versionOf("next")},`;
    const html = await (await fetch(url)).text();
    const [, onServer = ""] = /<pre id="server">(.*?)<\/pre>/.exec(html) ?? [];
    const edge = await (await fetch(`${url}/edge`)).text();
    let onPage: Row["report"] = { notTried: "there was no Chromium" };
    if (browser) {
      const page = await browser.newPage();
      await page.goto(url);
      onPage = JSON.parse((await page.locator("#client").textContent({ timeout: 90_000 })) ?? "");
      await page.close();
    }
    return [
      { group, name: "server component", report: JSON.parse(onServer.replaceAll("&quot;", '"')) },
      { group, name: "client component", report: onPage },
      { group, name: "edge route", report: JSON.parse(edge) },
    ];
  } catch (error) {
    return [{ group: "Next.js", name: project.versionOf("next"), report: forAll({ failed: String(error) }) }];
  } finally {
    server.kill();
    if (server.exitCode === null) await once(server, "close");
  }
}
