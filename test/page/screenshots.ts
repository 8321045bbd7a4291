// Takes pictures of the page for the docs, into docs/images.
import { mkdirSync } from "node:fs";
import type { LocalZitadelOptions } from "../../src/testing.js";
import { launchChromium } from "../helpers/launch-chromium.js";
import { openPage } from "./open-page.js";

interface Picture {
  readonly size: readonly [width: number, height: number];
  readonly theme?: "dark";
  readonly zoom?: number;
  readonly options?: LocalZitadelOptions;
  readonly press?: RegExp;
}

const pictures: Record<string, Picture> = {
  "page-light": { size: [1280, 860] },
  "page-dark": { size: [768, 860], theme: "dark" },
  "page-phone": { size: [375, 812] },
  // What a window of 1280 × 800 shows at 200 %.
  "page-zoom": { size: [640, 400], zoom: 2 },
  "page-confirm": { size: [1280, 700], press: /everywhere else/ },
  "page-old": { size: [1280, 860], options: { release: "2.44" } },
};

mkdirSync("docs/images", { recursive: true });
const browser = await launchChromium();
for (const [name, { size, theme = "light", zoom = 1, options = {}, press }] of Object.entries(pictures)) {
  const [width, height] = size;
  await using opened = await openPage(browser, options, {
    viewport: { width, height },
    deviceScaleFactor: zoom,
    colorScheme: theme,
    reducedMotion: "reduce",
  });
  const { page } = opened;
  await page.locator("sign-ins section > ul > li").first().waitFor();
  if (press) await page.getByRole("button", { name: press }).click();
  await page.screenshot({ path: `docs/images/${name}.png`, animations: "disabled" });
}
await browser.close();
