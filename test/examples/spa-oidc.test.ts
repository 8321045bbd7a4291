import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { build } from "esbuild";
import { chromium, type Route } from "playwright-core";
import { Code } from "../../src/node.js";
import { startLocalZitadel } from "../../src/testing.js";
import { testInChromium } from "../helpers/chromium.js";
import { findChromium } from "../helpers/find-chromium.js";
import { listen } from "../helpers/listen.js";
import { root } from "./run-example.js";

/** The example as its reader bundles it, for an instance of their own. */
async function bundle(instance: string): Promise<string> {
  const contents = readFileSync(join(root, "examples/spa-oidc.ts"), "utf8").replace(
    "https://my-instance.zitadel.cloud",
    instance,
  );
  const { outputFiles } = await build({
    stdin: { contents, loader: "ts", resolveDir: join(root, "build") },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

testInChromium("examples/spa-oidc.ts signs in, lists, refreshes, revokes and tells errors", async () => {
  // The list's first answer: the access token has just expired.
  await using zitadel = await startLocalZitadel({ approve: true, faults: [{ kind: "expired-once" }] });
  const script = await bundle(zitadel.url);
  const grants = () => zitadel.requests.filter(({ path }) => path === "/oauth/v2/token").length;
  const app = await listen((request, response) => {
    if (request.url === "/app.js") response.setHeader("content-type", "text/javascript").end(script);
    else
      response
        .setHeader("content-type", "text/html")
        .end('<!doctype html><body><script type="module" src="/app.js"></script>');
  });
  const browser = await chromium.launch({ executablePath: findChromium() ?? "" });
  try {
    const page = await browser.newPage();
    await page.goto(app.url);
    const rows = page.locator("li");
    await rows.nth(5).waitFor();
    expect(await rows.count()).toBe(6);
    expect(page.url()).toBe(`${app.url}/`);
    // The code, and the refresh.
    expect(grants()).toBe(2);
    expect(new Set(zitadel.requests.map((request) => request.protocol))).toEqual(new Set(["other", "grpc-web"]));

    // Playwright says no to what a page asks.
    await rows.first().getByRole("button").click();
    expect(zitadel.users[0].refreshTokens).toHaveLength(6);
    page.on("dialog", (dialog) => dialog.accept());
    await rows.first().getByRole("button").click();
    await rows.nth(5).waitFor({ state: "detached" });
    expect(zitadel.users[0].refreshTokens).toHaveLength(5);

    zitadel.fail({ kind: "status", code: Code.PermissionDenied, message: "not today" });
    await rows.first().getByRole("button").click();
    await page.getByText("not today").waitFor();
    expect(await rows.count()).toBe(5);

    // Offline just when the token has to be refreshed, which is no reason to sign in again; and a session that is over.
    for (const [answer, text] of [
      [(route: Route) => route.abort(), "You seem to be offline"],
      [(route: Route) => route.fulfill({ status: 400, json: { error: "invalid_grant" } }), "You are signed out"],
    ] as const) {
      await page.route("**/oauth/v2/token", answer);
      zitadel.fail({ kind: "expired-once" });
      await rows.first().getByRole("button").click();
      await page.getByText(text).waitFor();
      await page.unroute("**/oauth/v2/token");
      // For so long a refresh that failed is not tried again.
      await page.waitForTimeout(1100);
    }

    // Signed in already.
    await page.reload();
    await rows.nth(4).waitFor();
    expect(grants()).toBe(2);
  } finally {
    await browser.close();
    app.close();
  }
});
