import { describe, expect } from "@jest/globals";
import { Code } from "../../src/node.js";
import { findFaults } from "../helpers/axe.js";
import { testInChromium } from "../helpers/chromium.js";
import { sharedChromium } from "../helpers/shared-chromium.js";
import { type ElementOptions, type OpenedElement, openElement } from "./open-element.js";

const browser = sharedChromium();

/** States of the element, and what a person does until it is there. */
const states: Record<string, ElementOptions & { enter?: (opened: OpenedElement) => Promise<void>; shows: string }> = {
  listed: { shows: "section > ul > li" },
  "on release 2.44": { release: "2.44", shows: ".life" },
  empty: { users: [{ refreshTokens: [], sessions: [] }], shows: ".hint:not(:empty)" },
  loading: { faults: [{ kind: "hang" }], shows: ".loading:not([hidden])" },
  failed: {
    client: { retry: false },
    faults: [{ kind: "status", code: Code.Unavailable, times: 9 }],
    shows: ".problem:not([hidden])",
  },
  details: { enter: ({ page }) => page.locator("summary").first().click(), shows: "details[open] dd" },
  question: { enter: ({ page }) => page.getByRole("button", { name: /everywhere/ }).click(), shows: "dialog[open]" },
  "question that lets one keep": {
    tokenOf: ({ tokens }) => tokens.personal,
    enter: ({ page }) => page.getByRole("button", { name: /everywhere/ }).click(),
    shows: "dialog[open] input",
  },
  "signed out of one": {
    enter: (opened) => opened.end(opened.page.getByRole("button", { name: "Sign out: Edge on Windows" })),
    shows: ".notice:not(:empty)",
  },
  "not signed out of one": {
    faults: [{ kind: "status", code: Code.PermissionDenied, method: "DeleteSession" }],
    enter: (opened) => opened.end(opened.page.getByRole("button", { name: "Sign out: Edge on Windows" })),
    shows: ".mistake:not([hidden])",
  },
};

describe("axe finds nothing, light, dark and in forced colors, and nothing is wider than the window", () => {
  for (const [name, { enter, shows, ...options }] of Object.entries(states)) {
    testInChromium(name, async () => {
      await using opened = await openElement(browser(), options, { reducedMotion: "reduce" });
      const { page } = opened;
      await enter?.(opened);
      await page.locator(`zitadel-sign-ins ${shows}`).first().waitFor();
      for (const width of [320, 768, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
      expect(await findFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await findFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "light", forcedColors: "active" });
      expect(await findFaults(page)).toEqual([]);
    });
  }
});

testInChromium("the first card is within the first screen, on a phone and at 200 % zoom too", async () => {
  for (const [width, height, scale] of [
    [375, 667, 1],
    [768, 1024, 1],
    [1280, 800, 1],
    [640, 400, 2],
  ] as const) {
    await using opened = await openElement(browser(), {}, { viewport: { width, height }, deviceScaleFactor: scale });
    await opened.cards.first().waitFor();
    const { y = 0, height: tall = 0 } = (await opened.cards.first().boundingBox()) ?? {};
    expect([width, y + tall <= height]).toEqual([width, true]);
  }
});

testInChromium("by keyboard alone: found, asked, refused, ended, and the focus is never lost", async () => {
  await using opened = await openElement(browser());
  const { page, cards } = opened;
  await cards.first().waitFor();
  const focused = () =>
    page.evaluate(() => {
      const inner = document.activeElement?.shadowRoot?.activeElement;
      return inner?.getAttribute("aria-label") ?? inner?.textContent ?? "";
    });
  const tabTo = async (name: string) => {
    for (let presses = 0; (await focused()) !== name; presses++) {
      if (presses > 60) throw new Error(`Tab never reaches ${name}`);
      await page.keyboard.press("Tab");
    }
  };
  await tabTo("Sign out: Mobile Safari on iOS");
  await page.keyboard.press("Enter");
  // On the way out, not on the way in.
  expect(await focused()).toBe("Cancel");
  await page.keyboard.press("Escape");
  expect(await focused()).toBe("Sign out: Mobile Safari on iOS");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator(".notice", { hasText: "Signed out of" }).waitFor();
  expect(await focused()).toMatch(/^Sign out: /);
});

testInChromium("a screen reader finds groups, names and buttons", async () => {
  await using opened = await openElement(browser(), { users: [{ refreshTokens: [] }] });
  await opened.cards.first().waitFor();
  const tree = await opened.page.locator("zitadel-sign-ins").ariaSnapshot();
  expect(tree).toContain('- heading "This device" [level=2]');
  expect(tree).toContain('- heading "Chrome on Linux" [level=3]');
  expect(tree).toContain('button "Sign out: Chrome on Linux"');
  expect(tree).toMatch(/- list:\n\s+- listitem:/);
});

testInChromium("from right to left too", async () => {
  await using opened = await openElement(browser(), { dir: "rtl", lang: "ar" });
  const { page, cards } = opened;
  await cards.first().waitFor();
  const [name, button] = [cards.first().locator("h3"), cards.first().getByRole("button")];
  const x = async (locator: typeof name) => (await locator.boundingBox())?.x ?? 0;
  expect(await x(button)).toBeLessThan(await x(name));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
});

testInChromium("with reduced motion nothing moves", async () => {
  await using opened = await openElement(browser(), { faults: [{ kind: "hang" }] }, { reducedMotion: "reduce" });
  const { page } = opened;
  await page.locator(".loading").waitFor();
  const moving = () =>
    page.evaluate(() => document.querySelector("zitadel-sign-ins")?.shadowRoot?.getAnimations().length ?? -1);
  expect(await moving()).toBe(0);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving()).toBeGreaterThan(0);
});
