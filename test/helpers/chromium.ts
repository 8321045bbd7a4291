import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "@jest/globals";
import { build } from "esbuild";
import { findChromium } from "./find-chromium.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/**
 * What a page runs: a module that exports `run(input)`, either as a file (`entry`, a path from the root of the
 * repository, TypeScript or JavaScript) or as the text of one (`script`, its imports relative to test/).
 */
export type Page = { entry: string } | { script: string };

export type PageRun = Page & {
  /** Given to `run`. JSON. */
  input?: unknown;
  /** Answers what the page asks of its own origin, see `forwardTo`. Default: 404. */
  handle?: RequestListener;
  /** Default: what `findChromium` finds. */
  program?: string;
  /** Guard against a page that never reports. Default: 30 000. */
  timeoutMs?: number;
};

/**
 * Bundles a page as an application would for a browser. The result is a classic script that defines `page`.
 */
export async function bundlePage(page: Page & { format?: "esm" }): Promise<string> {
  const source =
    "entry" in page
      ? { entryPoints: [join(root, page.entry)] }
      : { stdin: { contents: page.script, loader: "ts" as const, resolveDir: join(root, "test") } };
  const { outputFiles } = await build({
    ...source,
    absWorkingDir: root,
    bundle: true,
    write: false,
    ...(page.format ? { format: page.format } : { format: "iife", globalName: "page" }),
    jsx: "automatic",
    // Not the examples' own, which leads to the source.
    tsconfigRaw: {},
    define: { "process.env.NODE_ENV": '"production"' },
    platform: "browser",
    conditions: ["browser"],
    target: "es2022",
    logLevel: "silent",
  });
  return outputFiles.map((file) => file.text).join("");
}

const html = (input: unknown) => `<!doctype html><meta charset="utf-8"><title>test</title>
<script>
  const report = (outcome) => fetch("/report", { method: "POST", body: JSON.stringify(outcome) });
  const failed = (error) => report({ error: String(error?.stack ?? error) });
  addEventListener("error", (event) => failed(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => failed(event.reason));
</script>
<script src="/page.js"></script>
<script>
  Promise.resolve(page.run(${JSON.stringify(input ?? null).replaceAll("<", "\\u003c")}))
    .then((value) => report({ value })).catch(failed);
</script>
`;

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Opens `url` in a browser of its own until `reported` settles; fails if the browser ends before. */
async function openUntil<T>(program: string, url: string, reported: Promise<T>, timeoutMs: number): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), `chromium-${process.pid}-`));
  const flags = [
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${profile}`,
    // Chromium refuses to sandbox itself for root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
  // Chromium leaves a folder in the temporary one; so it gets one that is removed.
  const env = { ...process.env, TMPDIR: profile };
  const child = spawn(program, [...flags, url], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  let guard: NodeJS.Timeout | undefined;
  // "close" comes after "exit": when its helper processes, which share stderr, have ended as well.
  const closed = new Promise((resolve) => child.once("close", resolve));
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`Chromium ended early (${code ?? signal}): ${said}`)));
    guard = setTimeout(() => reject(new Error(`the page did not report within ${timeoutMs} ms: ${said}`)), timeoutMs);
  });
  try {
    return await Promise.race([reported, ended]);
  } finally {
    clearTimeout(guard);
    child.kill();
    guard = setTimeout(() => {
      child.kill("SIGKILL");
      child.stderr.destroy();
    }, 5_000);
    await closed;
    clearTimeout(guard);
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

/**
 * Runs a page in headless Chromium, on an origin of its own, and gives what its `run` resolved to (JSON). No driver
 * library: the page posts its report to the server that it came from. The browser and its profile are gone afterwards.
 */
export async function runInChromium<Report>(run: PageRun): Promise<Report> {
  const program = run.program ?? findChromium();
  if (program === undefined) throw new Error("no Chromium found: install chromium, or set CHROMIUM_PATH to one");
  const script = await bundlePage(run);
  let settle: (outcome: string) => void;
  const reported = new Promise<string>((resolve) => {
    settle = resolve;
  });
  const pages: Record<string, RequestListener> = {
    "GET /": (_request, response) => response.setHeader("content-type", "text/html").end(html(run.input)),
    "GET /page.js": (_request, response) => response.setHeader("content-type", "text/javascript").end(script),
    "GET /favicon.ico": (_request, response) => response.writeHead(204).end(),
    "POST /report": async (request, response) => {
      settle(await readAll(request));
      response.writeHead(204).end();
    },
  };
  const server = createServer((request, response) => {
    const handle = pages[`${request.method} ${request.url}`] ?? run.handle;
    if (handle) handle(request, response);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const outcome = JSON.parse(await openUntil(program, url, reported, run.timeoutMs ?? 30_000));
    if ("error" in outcome) throw new Error(`the page failed: ${outcome.error}`);
    return outcome.value;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/**
 * Passes requests on to another server, so that a page can call it on its own origin, as behind a reverse proxy.
 */
export function forwardTo(baseUrl: string): RequestListener {
  return (request, response) => {
    const { method, headers } = request;
    const onward = httpRequest(new URL(request.url ?? "/", baseUrl), { method: method ?? "GET", headers });
    onward.on("response", (answer: IncomingMessage) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  };
}

/**
 * A test that needs Chromium. Without one it is skipped, which the reporter tells in one line; where `CI` is set it
 * fails instead, so that it is never skipped unseen.
 */
export function testInChromium(name: string, body: () => Promise<void>, timeoutMs = 60_000): void {
  const skip = findChromium() === undefined && !process.env.CI;
  (skip ? test.skip : test)(`in Chromium: ${name}`, body, timeoutMs);
}
