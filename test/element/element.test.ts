import { describe, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { Code } from "../../src/node.js";
import type { LocalSessionOptions, LocalUser } from "../../src/testing.js";
import { testInChromium } from "../helpers/chromium.js";
import { sharedChromium } from "../helpers/shared-chromium.js";
import { openElement } from "./open-element.js";

const browser = sharedChromium();
const headings = (page: Page) => page.locator("zitadel-sign-ins h2:visible").allInnerTexts();
const names = (page: Page) => page.locator("zitadel-sign-ins h3 bdi:visible").allInnerTexts();
const notice = (page: Page, text: string | RegExp) => page.locator(".notice", { hasText: text }).waitFor();
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
const calls = (paths: readonly { readonly path: string; readonly method: string }[]) =>
  paths
    .filter(({ method, path }) => method === "POST" && path.includes("Service/"))
    .map(({ path }) => path.split("/").at(-1));

/** So many sessions, the first of which is this one. */
const manySessions = (count: number): LocalSessionOptions[] =>
  Array.from({ length: count }, (_, i) => ({
    creationDate: new Date(Date.now() - (i + 1) * 3_600_000),
    userAgent: {
      ...(i === 0 && { fingerprintId: "here" }),
      ip: `192.0.2.${i % 250}`,
      description: i % 2 ? "Firefox, Linux" : "Safari, iPhone",
    },
  }));

describe("what is listed", () => {
  testInChromium("on release 4: this device first, then the others, then apps", async () => {
    await using opened = await openElement(browser(), { properties: { apps: { "320010000000000011": "Portal" } } });
    const { page, cards, complaints } = opened;
    await cards.first().waitFor();
    expect(await headings(page)).toEqual(["This device", "Other devices", "Apps that stay signed in"]);
    expect((await names(page)).slice(0, 2)).toEqual(["Chrome on Linux", "Edge on Windows"]);
    const here = await cards.first().innerText();
    expect(here).toContain("Last active 20 minutes ago · 203.0.113.7");
    expect(here).toContain("Signed in with password and authenticator app");
    expect(await page.locator(".badge:visible").allInnerTexts()).toEqual(
      expect.arrayContaining(["Not finished", "Expired", "Unused too long"]),
    );
    expect(await names(page)).toEqual(expect.arrayContaining(["Portal", "Unknown device"]));
    expect(await page.locator(".hint").innerText()).toBe(
      "Apps with offline access may stay signed in after this. They cannot be listed here.",
    );
    expect(complaints).toEqual([]);
  });

  testInChromium("on release 2.44: the refresh tokens, each with its life", async () => {
    await using opened = await openElement(browser(), { release: "2.44" });
    const { page, cards, complaints } = opened;
    await cards.nth(5).waitFor();
    expect(await headings(page)).toEqual(["Apps that you are signed in to"]);
    expect(await names(page)).toEqual(expect.arrayContaining(["App …0011", "App …0012"]));
    expect(await cards.filter({ hasText: /Last active .* · Signed in .* · End/ }).count()).toBe(6);
    expect(await page.locator(".life").count()).toBe(6);
    expect(await page.locator(".hint").innerText()).toBe("");
    expect(complaints).toEqual([]);
  });

  testInChromium(
    "ids, exact times and scopes are in the details, in the reader's zone and the page's language",
    async () => {
      const refreshTokens = [{ id: "4711", authTime: "2025-07-01T12:00:00Z", changeDate: "2025-07-02T03:04:05Z" }];
      const options = { release: "2.44", lang: "de-DE", users: [{ refreshTokens }] } as const;
      for (const [timezoneId, exact] of [
        ["Asia/Kolkata", "Mittwoch, 2. Juli 2025 um 08:34:05"],
        ["America/St_Johns", "Mittwoch, 2. Juli 2025 um 00:34:05"],
      ] as const) {
        await using opened = await openElement(browser(), options, { timezoneId });
        const { page } = opened;
        await page.locator("summary").click();
        // Filled once the browser has told that they are open.
        const details = page.locator("dl", { hasText: "4711" });
        expect(await details.innerText()).toContain(exact);
        expect(await page.locator("li p time").first().innerText()).toMatch(/^Last active (letztes Jahr|vor \d+ )/);
      }
    },
  );

  testInChromium("the app's own texts", async () => {
    const texts = { thisDevice: "Dieses Gerät", signOut: "Abmelden" };
    await using opened = await openElement(browser(), { properties: { texts } });
    await opened.cards.first().waitFor();
    expect((await headings(opened.page))[0]).toBe("Dieses Gerät");
    expect(await button(opened.page, "Abmelden: Chrome on Linux").count()).toBe(1);
  });

  for (const [count, isSearchable] of [
    [1, false],
    [3, false],
    [8, true],
    [200, true],
    [1000, true],
  ] as const) {
    testInChromium(`${count} sign-ins${isSearchable ? ", which can be searched" : ""}`, async () => {
      const users = [{ refreshTokens: [], sessions: manySessions(count) }];
      await using opened = await openElement(browser(), { users });
      const { page, cards, complaints } = opened;
      await cards.nth(count - 1).waitFor({ state: "attached" });
      expect(await page.getByRole("search").isVisible()).toBe(isSearchable);
      expect(await button(page, /everywhere else/).isVisible()).toBe(count > 1);
      if (isSearchable) {
        const redrawn = await page.evaluateHandle(() => {
          const seen: string[] = [];
          const sections = document.querySelector("zitadel-sign-ins")?.shadowRoot?.querySelectorAll("section") ?? [];
          const observer = new MutationObserver((records) => seen.push(...records.map(({ type }) => type)));
          for (const each of sections) observer.observe(each, { childList: true, characterData: true, subtree: true });
          return seen;
        });
        await page.getByRole("searchbox").fill("FIREFOX 192.0.2.3");
        expect((await names(page)).slice(0, 2)).toEqual(["Safari on iPhone", "Firefox on Linux"]);
        await page.getByRole("searchbox").fill("no such device");
        await page.getByText("Nothing fits the search.").waitFor();
        await page.getByRole("searchbox").fill("");
        await page.getByRole("combobox").selectOption("Expired");
        expect(await cards.filter({ visible: true }).count()).toBeLessThan(count);
        // Whatever is looked for, no card is drawn anew.
        expect(await redrawn.jsonValue()).toEqual([]);
      }
      expect(complaints).toEqual([]);
    });
  }

  testInChromium("none: said so, and what that does not mean", async () => {
    await using opened = await openElement(browser(), { users: [{ refreshTokens: [], sessions: [] }] });
    const { page } = opened;
    await page.getByText("No sign-in is listed.").waitFor();
    expect(await page.locator(".hint").innerText()).toContain("The sign-in that you use now is not in this list.");
  });

  testInChromium("texts of somebody else are text, whole, and cannot pose as others", async () => {
    const device = (description: string) => ({ userAgent: { description } });
    const sessions = [
      device("<img src=x onerror=alert(1)>, x"),
      device("👩‍👩‍👧 Familie, Phone"),
      device("a\u202eb"),
      device("متصفح, لينكس"),
      device("x".repeat(500)),
      { userAgent: { header: { "user-agent": ["Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/145.0"] } } },
    ];
    await using opened = await openElement(browser(), { users: [{ refreshTokens: [], sessions }] });
    const { page, cards, complaints } = opened;
    await cards.nth(5).waitFor();
    const shown = await names(page);
    expect(shown).toEqual(
      expect.arrayContaining([
        "<img src=x onerror=alert(1)> on x",
        "👩‍👩‍👧 Familie on Phone",
        "a\\u{202e}b",
        "x".repeat(500),
        "Firefox on Windows",
      ]),
    );
    await page.setViewportSize({ width: 320, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    const arabic = page.locator("h3 bdi", { hasText: "متصفح" });
    expect(await arabic.evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
    expect(complaints).toEqual([]);
  });
});

describe("ending", () => {
  testInChromium("one: asked by name, told visibly, gone, and the focus goes on", async () => {
    await using opened = await openElement(browser());
    const { page, zitadel, cards, complaints } = opened;
    await cards.first().waitFor();
    const phone = zitadel.users[0].sessions[1]?.id as string;
    await button(page, "Sign out: Mobile Safari on iOS").click();
    expect(await page.getByRole("dialog").innerText()).toMatch(
      /^Sign out of Mobile Safari on iOS\?\n+.*198\.51\.100\.24/s,
    );
    await page.keyboard.press("Escape");
    expect(zitadel.users[0].sessions).toHaveLength(5);
    await opened.end(button(page, "Sign out: Mobile Safari on iOS"));
    await notice(page, "Signed out of Mobile Safari on iOS.");
    expect(await names(page)).not.toContain("Mobile Safari on iOS");
    expect(zitadel.users[0].sessions.map(({ id }) => id)).not.toContain(phone);
    expect(await opened.events()).toEqual([["signedout", phone]]);
    expect(await page.evaluate(() => document.activeElement?.localName)).toBe("zitadel-sign-ins");
    expect(complaints).toEqual([]);
  });

  testInChromium("everywhere else keeps this device, and ends the others one at a time", async () => {
    await using opened = await openElement(browser());
    const { page, zitadel, cards } = opened;
    await cards.first().waitFor();
    const count = await cards.count();
    await opened.end(button(page, /everywhere else/));
    await notice(page, /^Signed out of .* and \d+ more\.$/);
    expect(await names(page)).toEqual(["Chrome on Linux"]);
    expect(zitadel.users[0].sessions).toHaveLength(1);
    expect(zitadel.users[0].refreshTokens).toHaveLength(0);
    expect((await opened.events())[0]).toHaveLength(count);
    expect(await button(page, /everywhere else/).isVisible()).toBe(false);
  });

  testInChromium("where nobody can know which is this one, the person says what stays", async () => {
    const tokenOf = ({ tokens }: { tokens: { personal: string } }) => tokens.personal;
    await using opened = await openElement(browser(), { tokenOf });
    const { page, zitadel, cards } = opened;
    await cards.first().waitFor();
    expect(await headings(page)).not.toContain("This device");
    await button(page, /everywhere else/).click();
    await page.getByText("Uncheck what is to stay signed in.").waitFor();
    await page.getByRole("checkbox", { name: /Chrome on Linux/ }).uncheck();
    await page.locator("dialog button.danger").click();
    await notice(page, /^Signed out of/);
    expect(await names(page)).toEqual(["Chrome on Linux"]);
    expect(zitadel.users[0].sessions).toHaveLength(1);
  });

  testInChromium("this device: said, told to the app, and nothing is asked of the server after it", async () => {
    await using opened = await openElement(browser());
    const { page, zitadel, cards } = opened;
    await cards.first().waitFor();
    const here = zitadel.users[0].sessions[0]?.id as string;
    await button(page, "Sign out: Chrome on Linux").click();
    expect(await page.getByRole("dialog").getByRole("heading").innerText()).toBe("Sign out here?");
    await page.locator("dialog button.danger").click();
    await notice(page, "You are signed out here.");
    expect(await cards.count()).toBe(0);
    expect(await opened.events()).toEqual([["signedout", here]]);
    await opened.refresh();
    expect(calls(zitadel.requests).at(-1)).toBe("DeleteSession");
  });

  testInChromium("what fails stays, in words, and can be tried again", async () => {
    const fault = { kind: "status", code: Code.PermissionDenied, method: "DeleteSession" } as const;
    await using opened = await openElement(browser(), { faults: [fault] });
    const { page, cards } = opened;
    await cards.first().waitFor();
    await opened.end(button(page, "Sign out: Edge on Windows"));
    await notice(page, "Not signed out of Edge on Windows.");
    await cards.filter({ hasText: "Edge on Windows" }).getByRole("alert").waitFor();
    await opened.end(button(page, "Sign out: Edge on Windows"));
    await notice(page, "Signed out of Edge on Windows.");
  });

  testInChromium("what ended is gone although a list that is behind still has it", async () => {
    await using opened = await openElement(browser(), { release: "2.44", lagMs: 60_000 });
    const { page, cards } = opened;
    await cards.nth(5).waitFor();
    await opened.end(page.getByRole("button", { name: /^Sign out: / }).first());
    await notice(page, /^Signed out of App/);
    expect(await cards.count()).toBe(5);
    expect(await page.locator(".hint").innerText()).toContain("The list may be a moment behind.");
  });
});

describe("bad days", () => {
  const broken = { times: Number.POSITIVE_INFINITY };
  for (const [what, faults, text, mayTryAgain] of [
    ["a server that hangs", [{ kind: "hang", ...broken }], "The server cannot be reached right now.", true],
    [
      "a web page for an answer",
      [{ kind: "html", status: 200, ...broken }],
      "The server cannot be reached right now.",
      true,
    ],
    ["a server that is away", [{ kind: "disconnect", ...broken }], "The server cannot be reached right now.", true],
    ["a token that has ended", [{ kind: "expired-once", ...broken }], "Your sign-in has ended.", false],
    ["no permission", [{ kind: "status", code: Code.PermissionDenied, ...broken }], "may not see this list", false],
  ] as const) {
    testInChromium(`${what}: ${text}`, async () => {
      await using opened = await openElement(browser(), { faults, client: { timeoutMs: 700, retry: false } });
      const { page } = opened;
      await page.locator(".problem", { hasText: text }).waitFor();
      expect(await button(page, "Try again").isVisible()).toBe(mayTryAgain);
      expect((await opened.events())[0]?.[0]).toBe("error");
    });
  }

  testInChromium("a server that comes back: the old list stays, and trying again helps", async () => {
    await using opened = await openElement(browser(), { client: { retry: false } });
    const { page, zitadel, cards } = opened;
    await cards.first().waitFor();
    zitadel.fail({ kind: "status", code: Code.Unavailable });
    await opened.refresh();
    await page.locator(".problem", { hasText: "cannot be reached" }).waitFor();
    expect(await cards.first().isVisible()).toBe(true);
    await button(page, "Try again").click();
    await page.locator(".problem").waitFor({ state: "hidden" });
  });

  testInChromium("offline: said so", async () => {
    await using opened = await openElement(browser(), { client: { retry: false } });
    const { page, cards } = opened;
    await cards.first().waitFor();
    await page.context().setOffline(true);
    await opened.refresh();
    await page.getByText("You are offline.").waitFor();
  });
});

describe("an element among others", () => {
  testInChromium("shows another client's user, and takes its calls along when it leaves the page", async () => {
    const users = [{}, { refreshTokens: [], sessions: manySessions(1) }];
    await using opened = await openElement(browser(), { users });
    const { page, zitadel, cards } = opened;
    await cards.nth(4).waitFor();
    await opened.show(zitadel.users[1] as LocalUser);
    await cards.filter({ hasText: "Safari on iPhone" }).waitFor();
    expect(await names(page)).toEqual(["Safari on iPhone"]);
    zitadel.fail({ kind: "hang" });
    const aborted = page.waitForEvent("requestfailed");
    await page.evaluate(() => {
      const element = document.querySelector("zitadel-sign-ins") as unknown as HTMLElement & { refresh(): void };
      element.refresh();
      setTimeout(() => element.remove(), 100);
    });
    expect((await aborted).failure()?.errorText).toBe("net::ERR_ABORTED");
    expect(await opened.events()).toEqual([]);
  });

  testInChromium("shows nobody's list without a client", async () => {
    await using opened = await openElement(browser());
    const { page, cards } = opened;
    await cards.nth(4).waitFor();
    await page.evaluate(() => {
      const element = document.querySelector("zitadel-sign-ins") as HTMLElement & { client?: unknown; refresh(): void };
      element.refresh();
      element.client = undefined;
    });
    await cards.first().waitFor({ state: "detached" });
    await page.waitForTimeout(200);
    expect(await page.locator("zitadel-sign-ins").innerText()).toBe("");
  });

  testInChromium("an answer about the user who was shown before ends nothing", async () => {
    const users = [{}, { refreshTokens: [], sessions: manySessions(1) }];
    await using opened = await openElement(browser(), { users });
    const { page, zitadel, cards } = opened;
    await cards.nth(4).waitFor();
    await button(page, "Sign out: Mobile Safari on iOS").click();
    await opened.show(zitadel.users[1] as LocalUser);
    await cards.filter({ hasText: "Safari on iPhone" }).waitFor();
    await page.locator("dialog button.danger").click();
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.waitForTimeout(200);
    expect(calls(zitadel.requests)).not.toContain("DeleteSession");
  });

  testInChromium("one list for all properties that are set at a time", async () => {
    await using opened = await openElement(browser());
    const { zitadel, cards } = opened;
    await cards.first().waitFor();
    expect(calls(zitadel.requests).sort()).toEqual([
      "GetMyUser",
      "ListMyRefreshTokens",
      "ListSessions",
      "ListSessions",
    ]);
  });
});
