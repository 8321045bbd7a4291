import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { readPage } from "../../src/cli/serve/page-files.js";
import { type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";

// From build/test/page, where this file runs.
const folder = pathToFileURL(fileURLToPath(new URL("../../../dist/page/", import.meta.url)));

/** Starts a local ZITADEL that serves the built page, as `serve` does. */
export async function startWithPage(options: LocalZitadelOptions = {}): Promise<LocalZitadel> {
  const zitadel: LocalZitadel = await startLocalZitadel({
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
