import { describe, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { findFaults } from "../helpers/axe.js";
import { testInChromium } from "../helpers/chromium.js";
import { sharedChromium } from "../helpers/shared-chromium.js";
import { openPage } from "./open-page.js";

const browser = sharedChromium();

const cards = (page: Page) => page.locator("sign-ins section > ul > li");
const fact = (page: Page, name: string) =>
  page
    .locator("#developers dl > div")
    .filter({ hasText: new RegExp(`^${name}`) })
    .locator("dd");

async function openDevelopers(page: Page): Promise<void> {
  await cards(page).first().waitFor();
  await page.getByText("For developers").click();
}

testInChromium("the demo user's sign-ins are there at once, and nobody complains", async () => {
  await using opened = await openPage(browser());
  const { page, zitadel, complaints } = opened;
  await cards(page).first().waitFor();
  expect(await page.locator("#source").innerText()).toBe(`The demo user at ${zitadel.url}`);
  expect(await page.title()).toBe("Where you are signed in");
  expect(complaints).toEqual([]);
});

testInChromium("axe finds nothing, light and dark, with all of it open; nothing is wider than the window", async () => {
  await using opened = await openPage(browser());
  const { page } = opened;
  await openDevelopers(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findFaults(page)).toEqual([]);
  }
  for (const width of [320, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
});

describe("the last request", () => {
  for (const [label, type] of [
    ["gRPC-Web", "application/grpc-web+proto"],
    ["REST", "application/json"],
  ] as const) {
    testInChromium(`over ${label} is shown: path, content type, time, bytes`, async () => {
      await using opened = await openPage(browser());
      const { page, complaints } = opened;
      await openDevelopers(page);
      await page.getByLabel(label).check();
      await fact(page, "Content type").filter({ hasText: type }).waitFor();
      expect(await fact(page, "Request").textContent()).toMatch(/^POST \/(zitadel\.|auth\/v1\/|v2\/)/);
      expect(await fact(page, "Answer").textContent()).toBe(`200, ${type}`);
      expect(await fact(page, "Outcome").textContent()).toBe("OK");
      expect(await fact(page, "Time").textContent()).toMatch(/^[\d.]+ ms$/);
      expect(Number(await fact(page, "Bytes").textContent())).toBeGreaterThan(20);
      expect(complaints).toEqual([]);
    });
  }

  testInChromium("that fails shows what developers need: the message, what to do, the id", async () => {
    await using opened = await openPage(browser(), { users: [{ allowedOrigins: ["https://app.example.com"] }] });
    const { page } = opened;
    await openDevelopers(page);
    await page.getByLabel("REST").check();
    await fact(page, "ZITADEL's id").filter({ hasText: "AUTH-DZG21" }).waitFor();
    expect(await fact(page, "Error").textContent()).toContain("add this page's origin to the app's additional origins");
  });
});

testInChromium("the token expired once: a new one is fetched, and nobody notices", async () => {
  await using opened = await openPage(browser());
  const { page, zitadel } = opened;
  await openDevelopers(page);
  zitadel.fail({ kind: "expired-once" });
  const calls = () => zitadel.requests.filter(({ protocol }) => protocol === "grpc-web").length;
  const before = calls();
  await page.locator("#reload").click();
  // Two lists, one more for the browser's own, and one again.
  while (calls() < before + 4) await page.waitForTimeout(10);
  expect(await page.locator("sign-ins .problem").isHidden()).toBe(true);
});

testInChromium("the protocol chosen last counts, and one whose script cannot be loaded is told", async () => {
  await using opened = await openPage(browser());
  const { page } = opened;
  await openDevelopers(page);
  let release: (() => void) | undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/rest.js", async (route) => {
    await released;
    await route.continue();
  });
  const loaded = page.waitForResponse("**/rest.js");
  await page.getByLabel("REST").check();
  await page.getByLabel("gRPC-Web").check();
  release?.();
  await loaded;
  await page.locator("#reload").click();
  await fact(page, "Protocol").filter({ hasText: "gRPC-Web" }).waitFor();

  await page.unroute("**/rest.js");
  await page.reload();
  await openDevelopers(page);
  await page.route("**/rest.js", (route) => route.abort());
  await page.getByLabel("REST").click();
  await fact(page, "Error").filter({ hasText: "rest.js" }).waitFor();
  expect(await page.getByLabel("gRPC-Web").isChecked()).toBe(true);
  expect(await cards(page).first().isVisible()).toBe(true);
});

describe("another instance", () => {
  testInChromium("is used from memory alone, over both protocols", async () => {
    const sessions = [{ userAgent: { description: "Elsewhere, OS" } }];
    await using other = await openPage(browser(), { users: [{ refreshTokens: [], sessions }] });
    await using opened = await openPage(browser());
    const { page, complaints } = opened;
    await openDevelopers(page);
    const { personal } = other.zitadel.users[0].tokens;
    await page.getByLabel("URL").fill(`${other.zitadel.url}/`);
    await page.getByLabel("Access token").fill(` ${personal} `);
    await page.getByRole("button", { name: "Show its sign-ins" }).click();
    await cards(page).filter({ hasText: "Elsewhere on OS" }).waitFor();
    await page.getByLabel("REST").check();
    await fact(page, "Protocol").filter({ hasText: "REST" }).waitFor();
    await cards(page).filter({ hasText: "Elsewhere on OS" }).waitFor();
    expect(await cards(page).count()).toBe(1);
    const kept = await page.evaluate(async () =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        document.cookie,
        location.href,
        await indexedDB.databases(),
        history.state,
      ]),
    );
    expect(kept).not.toContain(personal);
    expect(await page.locator("#token").inputValue()).toBe("");
    expect(await page.content()).not.toContain(personal);
    // Chromium itself tells of what a personal access token is refused: the sessions of its browser.
    expect(complaints.filter((text) => !text.startsWith("error: Failed to load resource"))).toEqual([]);
  });

  for (const [url, token, said] of [
    ["http://zitadel.example.com", "abcdefgh", /allowInsecure|http/],
    ["https://zitadel.example.com/?a=b", "abcdefgh", /query/],
    ["https://zitadel.example.com", "two words", /token/],
  ] as const) {
    testInChromium(`${url} with ${token} is refused in words before anything is sent`, async () => {
      await using opened = await openPage(browser());
      const { page, complaints } = opened;
      await openDevelopers(page);
      await page.getByLabel("URL").fill(url);
      await page.getByLabel("Access token").fill(token);
      await page.getByRole("button", { name: "Show its sign-ins" }).click();
      const mistake = page.locator("#mistake");
      await mistake.filter({ hasText: said }).waitFor();
      expect(await mistake.textContent()).not.toContain(token);
      expect(await cards(page).first().isVisible()).toBe(true);
      expect(complaints).toEqual([]);
    });
  }

  for (const [what, answer] of [
    ["404", { status: 404, body: "" }],
    ["with its own page", { status: 200, contentType: "text/html", body: "<h1>app</h1>" }],
  ] as const) {
    testInChromium(`is asked for where something that answers ${what} serves the page`, async () => {
      await using opened = await openPage(browser());
      const { page } = opened;
      await page.route("**/demo.json", (route) => route.fulfill(answer));
      await page.reload();
      await page.locator("#instance").waitFor();
      expect(await page.locator("#source").innerText()).toBe("Choose an instance below.");
      await page.evaluate(() => dispatchEvent(new Event("online")));
      expect(await page.locator("sign-ins .problem").isHidden()).toBe(true);
    });
  }
});
