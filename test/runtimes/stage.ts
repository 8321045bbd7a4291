import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { type Project, run } from "./project-folder.js";
import type { ProtocolName, Row } from "./report.js";

type Report = Row["report"];

/** What every target is given. */
export interface Stage {
  readonly project: Project;
  /** For contract.js: where the servers are. */
  readonly contract: object;
  /** A Node that all tools take. */
  readonly node: string;
  /** Absent where there is none. */
  readonly browser: Browser | undefined;
}

const protocols: readonly ProtocolName[] = ["default", "grpc", "grpcWeb", "rest"];

export function forAll(outcome: { refused: string } | { failed: string }): Report {
  return Object.fromEntries(protocols.map((name) => [name, outcome])) as Report;
}

/** Takes a report from what a program printed. */
function readReport(line: string): Report {
  const report = JSON.parse(line) as Report | { refused: string };
  return "refused" in report ? forAll(report as { refused: string }) : report;
}

/** Runs a program that prints its report and has to end by itself. */
export async function runProgram({ project, contract }: Stage, ...command: string[]): Promise<Report> {
  const env = { CONTRACT: JSON.stringify(contract) };
  const { status, stdout, stderr } = await run(command, { cwd: project.folder, env, timeoutMs: 90_000 });
  if (status === undefined) return forAll({ failed: `did not end by itself: ${stdout}${stderr}` });
  if (status !== 0)
    return forAll({ failed: `exit code ${status}: ${stderr.trim().replace(/\s+/g, " ").slice(0, 300)}` });
  return readReport(stdout);
}

/** Builds something in the project. Throws with what the tool said. */
export async function build({ project, contract }: Stage, ...command: string[]): Promise<void> {
  const env = { CONTRACT: JSON.stringify(contract) };
  const { status, stdout, stderr } = await run(command, { cwd: project.folder, env, timeoutMs: 600_000 });
  if (status !== 0)
    throw new Error(`${command.slice(1).join(" ")}: ${(stderr || stdout).trim().replace(/\s+/g, " ").slice(0, 300)}`);
}

/** Runs a bundle on a page of its own origin, which is not ZITADEL's. */
export async function runPage({ project, contract, browser }: Stage, script: string): Promise<Report> {
  if (!browser) return { notTried: "there was no Chromium" };
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? readFileSync(project.path(script)) : '<script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("globalThis.runContract");
    return (await page.evaluate(`runContract(${JSON.stringify(contract)})`)) as Report;
  } catch (error) {
    return forAll({ failed: String(error) });
  } finally {
    await page.close();
    server.close();
    server.closeAllConnections();
  }
}
