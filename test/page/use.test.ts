import { describe, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { testInChromium } from "../helpers/chromium.js";
import { openPage } from "./open-page.js";
import { manyTokens } from "./states.js";
import { useChromium } from "./use-chromium.js";

const browser = useChromium();
const rows = (page: Page) => page.locator("#list > li");

/** What has the focus, by its name or text. */
const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    return element.getAttribute("aria-label") ?? element.id;
  });

/** Presses Tab until something has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; (await focused(page)) !== name; presses++) {
    if (presses > 60) throw new Error(`Tab never reaches ${name}`);
    await page.keyboard.press("Tab");
  }
}

describe("by keyboard alone", () => {
  testInChromium("tokens are found, selected and revoked, and the focus is never lost", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel, complaints } = opened;
    await rows(page).nth(5).waitFor();
    await tabTo(page, "search");
    await page.keyboard.type("o");
    await tabTo(page, "sort");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "Revoke notes, last used 34 days ago");
    await page.keyboard.press("Enter");
    // On the way out, not on the way in.
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Cancel");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe("Revoke notes, last used 34 days ago");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await rows(page).nth(5).waitFor({ state: "detached" });
    // On the row that took its place.
    expect(await focused(page)).toBe("Revoke portal, last used 14 days ago");
    await page.keyboard.press("Shift+Tab");
    await tabTo(page, "Select mobile, last used 1 day ago");
    await page.keyboard.press("Space");
    expect(await page.locator("#count").textContent()).toBe("1 selected");
    await page.keyboard.press("Space");
    expect(await page.locator("#count").textContent()).toBe("5 in the list");
    expect(zitadel.users[0].refreshTokens).toHaveLength(5);
    expect(complaints).toEqual([]);
  });

  testInChromium("protocol and state are chosen with the arrows, the other instance with Enter", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await rows(page).nth(5).waitFor();
    const isOn = (name: string, value: string) =>
      page.evaluate(
        ([n, v]) => {
          const { name, value, checked } = document.activeElement as HTMLInputElement;
          return name === n && value === v && checked;
        },
        [name, value],
      );
    while (!(await isOn("protocol", "grpcWeb"))) await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowRight");
    expect(await isOn("protocol", "rest")).toBe(true);
    while (zitadel.requests.at(-1)?.protocol !== "rest") await new Promise((resolve) => setTimeout(resolve, 10));
    while (!(await isOn("state", ""))) await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowLeft");
    expect(await isOn("state", "expired")).toBe(true);
    expect(await rows(page).count()).toBe(1);
    await tabTo(page, "search");
    await page.keyboard.press("Shift+Tab");
    expect(await focused(page)).toBe("other");
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("url");
    await page.keyboard.press("Escape");
    expect(await focused(page)).toBe("other");
  });
});

testInChromium("a question that is asked again at once after a no gets its own answer", async () => {
  await using opened = await openPage(browser());
  const { page, zitadel } = opened;
  await rows(page).nth(5).waitFor();
  await page.getByRole("button", { name: "Revoke notes" }).evaluate((button: HTMLElement) => {
    button.click();
    (document.getElementById("confirm") as HTMLDialogElement).close();
    button.click();
  });
  await page.locator("#confirm-revoke").click();
  await rows(page).nth(5).waitFor({ state: "detached" });
  expect(zitadel.users[0].refreshTokens).toHaveLength(5);
});

testInChromium("a thousand tokens: only what is near the window is drawn, and nothing blocks for long", async () => {
  await using opened = await openPage(browser(), { users: [{ refreshTokens: manyTokens(1000) }] });
  const { page, complaints } = opened;
  await rows(page).nth(999).waitFor({ state: "attached" });
  const drawn = () =>
    rows(page).evaluateAll(
      (all) => all.filter((row) => row.firstElementChild?.checkVisibility({ contentVisibilityAuto: true })).length,
    );
  expect(await drawn()).toBeLessThan(60);
  const { frames, worstTaskMs } = await page.evaluate(async () => {
    let worst = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) worst = Math.max(worst, duration);
    }).observe({ type: "longtask" });
    const frame = () => new Promise(requestAnimationFrame);
    let count = 0;
    for (; scrollY + innerHeight < document.documentElement.scrollHeight - 2 && count < 2_000; count++) {
      scrollBy({ top: 700, behavior: "instant" });
      await frame();
    }
    await frame();
    return { frames: count, worstTaskMs: worst };
  });
  // All the way down; a guard against a page that lays all out at each step, which takes a second, rather than a measurement.
  expect(frames).toBeGreaterThan(60);
  expect(worstTaskMs).toBeLessThan(1_000);
  expect(await drawn()).toBeLessThan(60);
  expect(await rows(page).last().isVisible()).toBe(true);
  // The bar stays in sight, and so does the axis.
  expect((await page.locator("#bar").boundingBox())?.y).toBe(0);
  expect(complaints).toEqual([]);
});

testInChromium("with reduced motion nothing moves", async () => {
  await using opened = await openPage(browser(), { faults: [{ kind: "hang" }] }, { reducedMotion: "reduce" });
  const { page } = opened;
  await page.locator("#loading").waitFor();
  const moving = () => page.evaluate(() => document.getAnimations().length);
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving()).toBeGreaterThan(0);
});

for (const [what, answer] of [
  ["404", { status: 404, body: "" }],
  ["with its own page", { status: 200, contentType: "text/html", body: "<h1>app</h1>" }],
] as const) {
  testInChromium(`served by something that answers ${what} instead of a demo, it asks for an instance`, async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.route("**/demo.json", (route) => route.fulfill(answer));
    await page.reload();
    await page.locator("#instance[open]").waitFor();
    expect(await page.locator("#source").textContent()).toBe("No instance chosen");
    expect(await page.locator("#demo").isHidden()).toBe(true);
    // Without one there is nothing to load, and nothing has failed.
    await page.locator("#instance-cancel").click();
    await page.evaluate(() => dispatchEvent(new Event("online")));
    expect(await page.locator("#problem").isHidden()).toBe(true);
    expect(await page.locator("#reload").getAttribute("aria-busy")).toBe("false");
  });
}
