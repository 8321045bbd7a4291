import { fileURLToPath, pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { readPage } from "../../src/cli/serve/page-files.js";
import { demoTokens } from "../../src/local/service/demo-tokens.js";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { findChromium } from "../helpers/find-chromium.js";

// From build/test/page, where this file runs.
const folder = pathToFileURL(fileURLToPath(new URL("../../../dist/page/", import.meta.url)));

/** Starts headless Chromium, which the caller closes. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium found: install chromium, or set CHROMIUM_PATH to one");
  // Chromium refuses to sandbox itself for root.
  return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}

const names: Record<string, string> = { 1: "portal", 2: "mobile", 3: "command-line", 4: "notes" };

/** The demo user's refresh tokens, with client ids of old, which end in a name: each app's own here. */
function namedTokens() {
  return demoTokens(new Date(), { clientId: (number) => `${number}@${names[number.slice(-1)]}` });
}

/** Starts a local ZITADEL that serves the built page, as `serve` does. */
export async function startWithPage(options: LocalZitadelOptions = {}): Promise<LocalZitadel> {
  const zitadel: LocalZitadel = await startLocalZitadel({
    users: [{ refreshTokens: namedTokens() }],
    ...options,
    assets: readPage(folder, () => zitadel.users[0]),
  });
  return zitadel;
}

/** The local ZITADEL with its page, opened. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  readonly zitadel: LocalZitadel;
  /** What nobody wants to see: console messages, uncaught errors, reports of the Content-Security-Policy. */
  readonly complaints: readonly string[];
}

/** Opens the page on a server of its own, in a context of its own. */
export async function openPage(
  browser: Browser,
  options: LocalZitadelOptions = {},
  contextOptions: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const zitadel = await startWithPage(options);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions });
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  await page.exposeFunction("complain", (text: string) => complaints.push(text));
  await page.addInitScript(() => {
    const { complain } = globalThis as unknown as { complain(text: string): void };
    addEventListener("securitypolicyviolation", (event) => complain(`policy: ${event.violatedDirective}`));
  });
  await page.goto(zitadel.url);
  const close = async () => {
    await context.close();
    await zitadel.close();
  };
  return { page, zitadel, complaints, [Symbol.asyncDispose]: close };
}
