import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { type LocalUser, type LocalZitadel, type LocalZitadelOptions, startLocalZitadel } from "../../src/testing.js";
import { bundlePage } from "../helpers/chromium.js";

/** An app that shows the element, as its page does: the strictest policy that lets a script load and call. */
const html = (lang: string, dir: string) => `<!doctype html><html lang="${lang}" dir="${dir}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>app</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/app.css"><main><h1>Account</h1><zitadel-sign-ins></zitadel-sign-ins></main>
<script type="module" src="/app.js"></script></html>`;
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:";

const defaultScript = `
  import { createAuthClient } from "zitadel-refresh-tokens";
  import { SignInsElement } from "zitadel-refresh-tokens/element";
  globalThis.events = [];
  globalThis.clientOf = (token, options) => createAuthClient({ baseUrl: location.origin, token, ...options });
  const { token, options, properties } = await (await fetch("/input.json")).json();
  const element = document.querySelector("zitadel-sign-ins");
  for (const type of ["signedout", "error"]) element.addEventListener(type, (event) => {
    const { signIns, error } = event.detail;
    events.push(signIns ? [type, ...signIns.map(({ id }) => id)] : [type, error.message]);
  });
  Object.assign(element, { client: clientOf(token, options), ...properties });
  customElements.define("zitadel-sign-ins", SignInsElement);`;

const bundle = (script: string) => bundlePage({ script, format: "esm" });
const defaultApp = bundle(defaultScript);

export interface ElementOptions extends LocalZitadelOptions {
  /** Default: a token of the first user's session. */
  readonly tokenOf?: (user: LocalUser) => string;
  /** Of the client in the page. */
  readonly client?: object;
  /** Of the element. */
  readonly properties?: object;
  readonly lang?: string;
  readonly dir?: "ltr" | "rtl";
  /** The app's script. Default: one that shows the element as the options say. */
  readonly script?: string;
}

export interface OpenedElement extends AsyncDisposable {
  readonly page: Page;
  readonly zitadel: LocalZitadel;
  readonly cards: Locator;
  /** What nobody wants to see: console messages, uncaught errors, reports of the Content-Security-Policy. */
  readonly complaints: readonly string[];
  /** What the element's events told: type, and ids or message. */
  events(): Promise<readonly string[][]>;
  /** Lists again. */
  refresh(): Promise<void>;
  /** Gives the element the client of another user. */
  show(user: LocalUser): Promise<void>;
  /** Says yes to the question that the press of a button asks. */
  end(button: Locator): Promise<void>;
}

/** Opens an app's page with the element, served by a local ZITADEL of its own. */
export async function openElement(
  browser: Browser,
  options: ElementOptions = {},
  contextOptions: BrowserContextOptions = {},
): Promise<OpenedElement> {
  const { tokenOf = ({ token }) => token, client, properties, lang = "en", dir = "ltr", script, ...others } = options;
  const app = await (script ? bundle(script) : defaultApp);
  const input = () => JSON.stringify({ token: tokenOf(zitadel.users[0]), options: client, properties });
  const page = { "content-type": "text/html; charset=utf-8", "content-security-policy": policy };
  const zitadel: LocalZitadel = await startLocalZitadel({
    ...others,
    assets: {
      "/": { headers: page, body: html(lang, dir) },
      // Said out loud for axe, which takes what has no background for white.
      "/app.css": { headers: { "content-type": "text/css" }, body: ":root { background: Canvas; color: CanvasText }" },
      "/app.js": { headers: { "content-type": "text/javascript" }, body: app },
      "/input.json": { headers: { "content-type": "application/json" }, body: input },
    },
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions });
  const opened = await context.newPage();
  const complaints: string[] = [];
  opened.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  opened.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  await opened.goto(zitadel.url);
  return {
    page: opened,
    zitadel,
    cards: opened.locator("zitadel-sign-ins section > ul > li"),
    complaints,
    events: () => opened.evaluate(() => (globalThis as unknown as { events: string[][] }).events),
    refresh: () =>
      opened.evaluate(() => (document.querySelector("zitadel-sign-ins") as unknown as { refresh(): void }).refresh()),
    show: ({ token }) =>
      opened.evaluate((token) => {
        const { clientOf } = globalThis as unknown as { clientOf(token: string): unknown };
        Object.assign(document.querySelector("zitadel-sign-ins") as object, { client: clientOf(token) });
      }, token),
    async end(button) {
      await button.click();
      await opened.locator("dialog button.danger").click();
    },
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await zitadel.close();
    },
  };
}
