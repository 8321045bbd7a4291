// Takes a picture of every state of the page, at three widths and in both themes, into build/screenshots. Names of states
// as arguments take only those; `--docs` takes those of the README instead, into docs/images.
import { mkdirSync } from "node:fs";
import { launchChromium, openPage } from "./open-page.js";
import { enterState, type State, states } from "./states.js";

type Theme = "light" | "dark";

const browser = await launchChromium();

async function take(state: State, colorScheme: Theme, pictures: Record<string, [width: number, height: number]>) {
  await using opened = await openPage(browser, state.options, { colorScheme, reducedMotion: "reduce" });
  const { page, zitadel } = opened;
  await enterState(state, page, zitadel);
  for (const [path, [width, height]] of Object.entries(pictures)) {
    await page.setViewportSize({ width, height });
    await page.locator(state.shows).first().scrollIntoViewIfNeeded();
    await page.screenshot({ path, animations: "disabled" });
  }
}

async function takeAll(wanted: readonly string[]): Promise<void> {
  const folder = "build/screenshots";
  mkdirSync(folder, { recursive: true });
  for (const [name, state] of Object.entries(states)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const theme of ["light", "dark"] as const) {
      await take(state, theme, {
        [`${folder}/${name}-360-${theme}.png`]: [360, 760],
        [`${folder}/${name}-1024-${theme}.png`]: [1024, 768],
        [`${folder}/${name}-2560-${theme}.png`]: [2560, 1300],
      });
    }
  }
}

async function takeForDocs(): Promise<void> {
  const { loaded, confirm, "revoked-but-listed": revoked } = states as Record<string, State>;
  mkdirSync("docs/images", { recursive: true });
  await take(loaded as State, "light", {
    "docs/images/page-light.png": [1120, 838],
    "docs/images/page-phone.png": [390, 844],
  });
  await take(revoked as State, "dark", { "docs/images/page-dark.png": [1120, 720] });
  await take(confirm as State, "light", { "docs/images/page-confirm.png": [1120, 620] });
}

const names = process.argv.slice(2);
await (names[0] === "--docs" ? takeForDocs() : takeAll(names));
await browser.close();
