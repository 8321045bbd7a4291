// Takes a picture of every state of the page, at three widths and in both themes, into build/screenshots. Names of states
// as arguments take only those.
import { mkdirSync } from "node:fs";
import { launchChromium, openPage } from "./open-page.js";
import { enterState, states } from "./states.js";

const folder = "build/screenshots";
const sizes = { 360: 760, 1024: 768, 2560: 1300 };

mkdirSync(folder, { recursive: true });
const wanted = process.argv.slice(2);
const browser = await launchChromium();
for (const [name, state] of Object.entries(states)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const colorScheme of ["light", "dark"] as const) {
    await using opened = await openPage(browser, state.options, { colorScheme, reducedMotion: "reduce" });
    const { page, zitadel } = opened;
    await enterState(state, page, zitadel);
    for (const [width, height] of Object.entries(sizes)) {
      await page.setViewportSize({ width: Number(width), height });
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, animations: "disabled" });
    }
  }
}
await browser.close();
