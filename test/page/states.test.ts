import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect } from "@jest/globals";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { Code } from "../../src/node.js";
import { testInChromium } from "../helpers/chromium.js";
import { openPage } from "./open-page.js";
import { enterState, hostileTexts, states } from "./states.js";
import { useChromium } from "./use-chromium.js";

const browser = useChromium();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe has against the page as it is, by rule and element. */
async function findFaults(page: Page, rules?: string[]): Promise<string[]> {
  const results = await page.evaluate((runOnly) => {
    const { axe } = globalThis as unknown as { axe: { run(options: unknown): Promise<AxeResults> } };
    return axe.run(runOnly ? { runOnly } : {});
  }, rules);
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
  );
}

const isTooWide = (page: Page) =>
  page.evaluate(() => (document.scrollingElement as Element).scrollWidth > document.documentElement.clientWidth);

describe("in every state axe finds nothing in either theme, nothing is wider than the window, nobody complains", () => {
  for (const [name, state] of Object.entries(states)) {
    testInChromium(name, async () => {
      await using opened = await openPage(browser(), state.options, { reducedMotion: "reduce" });
      const { page, zitadel, complaints } = opened;
      await enterState(state, page, zitadel);
      for (const width of [360, 768, 1024, 2560]) {
        await page.setViewportSize({ width, height: 900 });
        expect([width, await isTooWide(page)]).toEqual([width, false]);
      }
      // One row is like the other, and axe takes its time.
      await page.evaluate(() => {
        for (const row of document.querySelectorAll("#list > li:nth-child(n+12)")) row.remove();
      });
      await page.evaluate(axe);
      expect(await findFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await findFaults(page, ["color-contrast"])).toEqual([]);
      // Chromium itself logs what it could not load; the page tells it in words.
      expect(complaints.filter((text) => !text.startsWith("error: Failed to load resource"))).toEqual([]);
    });
  }
});

describe("hostile text", () => {
  testInChromium("in every field of a token is text and nothing else", async () => {
    await using opened = await openPage(browser(), states.hostile?.options);
    const { page, complaints } = opened;
    const rows = page.locator("#list > li");
    await rows.nth(hostileTexts.length - 1).waitFor();
    const shape = (row: number) =>
      rows
        .nth(row)
        .evaluate((element) =>
          [...element.querySelectorAll("*")]
            .filter((each) => each.namespaceURI?.endsWith("xhtml"))
            .map((each) => each.tagName),
        );
    for (let row = 0; row < hostileTexts.length; row++) {
      await rows.nth(row).locator("summary").click();
      expect(await shape(row)).toEqual(await shape(0));
    }
    expect(await page.locator("#list :is(img, script, style, [onload], [onerror], [style])").count()).toBe(0);
    expect(await page.title()).toBe("Where you are signed in");
    // Seen whole, and with what would turn the text around made visible.
    const text = await page.locator("#list").innerText();
    expect(text).toContain(`<img src=x onerror="document.title='owned'">`);
    expect(text).toContain("user\\u{202e}gnp.exe\\u{2066}\\u{200f}");
    expect(text).not.toMatch(/[\u202E\u2066\u200F]/);
    // A name in Arabic stays right to left inside of its own box.
    const arabic = page.locator("#list h3 bdi", { hasText: "مرحبا" });
    expect(await arabic.evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
    expect(await isTooWide(page)).toBe(false);
    for (const button of await page.getByRole("button", { name: /^Revoke / }).all()) {
      if ((await button.getAttribute("aria-label")) === null) continue;
      await button.click();
      expect(await page.locator("#confirm-text :is(img, script, style, svg)").count()).toBe(0);
      await page.keyboard.press("Escape");
    }
    // Nor does an id that no token can have hurt: it is refused before anything is sent.
    await page.getByRole("button", { name: "Revoke <img" }).click();
    await page.locator("#confirm-revoke").click();
    await page.locator("#list .note", { hasText: "Not revoked. ids[0] is no id of a refresh token" }).waitFor();
    expect(complaints).toEqual([]);
  });

  for (const protocol of ["gRPC-Web", "REST"]) {
    testInChromium(`in an error is text and nothing else over ${protocol}`, async () => {
      await using opened = await openPage(browser());
      const { page, zitadel, complaints } = opened;
      await page.getByText(protocol, { exact: true }).first().click();
      // The first list over it must not meet the fault that is for the second; REST's script loads meanwhile.
      const name = protocol === "REST" ? "rest" : "grpc-web";
      while (!zitadel.requests.some((request) => request.protocol === name))
        await new Promise((resolve) => setTimeout(resolve, 10));
      for (const message of hostileTexts.slice(0, 5)) {
        await page.locator("#reload[aria-busy=false]").waitFor();
        zitadel.fail({ kind: "status", code: Code.FailedPrecondition, message, id: message.slice(0, 200) });
        await page.locator("#reload").click();
        await page.locator("#problem").waitFor();
        expect(await page.locator("#problem").innerText()).not.toMatch(/[\u202E\u2066\u200F]/);
        expect(await page.locator("#problem :is(img, script, style, svg, [style])").count()).toBe(0);
        expect(await isTooWide(page)).toBe(false);
        await page.locator("#reload").click();
        await page.locator("#problem").waitFor({ state: "hidden" });
      }
      expect(await page.title()).toBe("Where you are signed in");
      expect(complaints.filter((text) => !text.startsWith("error: Failed to load resource"))).toEqual([]);
    });
  }
});
