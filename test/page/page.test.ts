import { describe, expect } from "@jest/globals";
import type { Locator, Page } from "playwright-core";
import { Code } from "../../src/node.js";
import { testInChromium } from "../helpers/chromium.js";
import { openPage } from "./open-page.js";
import { manyTokens } from "./states.js";
import { useChromium } from "./use-chromium.js";

const browser = useChromium();

const rows = (page: Page) => page.locator("#list > li");
const names = (page: Page) => page.locator("#list h3 bdi").allTextContents();
const request = (page: Page, name: string) =>
  page
    .locator("#request-facts > div")
    .filter({ hasText: new RegExp(`^${name}`) })
    .locator("dd");

async function revoke(page: Page, button: Locator): Promise<void> {
  await button.click();
  await page.locator("#confirm-revoke").click();
}

describe("the list", () => {
  testInChromium("shows app, state, scopes and times of every token, the one used last first", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel, complaints } = opened;
    await rows(page).nth(5).waitFor();
    expect(await names(page)).toEqual(["mobile", "command-line", "portal", "mobile", "portal", "notes"]);
    const states = ["Active", "Active", "Active", "Active", "Expired", "Unused too long"];
    expect(await page.locator(".badge").allTextContents()).toEqual(states);
    const first = rows(page).first();
    expect(await first.locator("dl.times").innerText()).toBe(
      "Last used\n7 minutes ago\nSigned in\n9 days ago\nEnds unless used\nin 29 days",
    );
    expect(await first.locator(".scopes").textContent()).toBe("openid · profile · email · offline_access");
    expect(await page.locator("#source").innerText()).toBe(`The demo user at ${zitadel.url}, listed just now`);
    expect(await page.title()).toBe("Where you are signed in");
    expect(complaints).toEqual([]);
  });

  testInChromium("gives times in the reader's zone, the exact one on hover", async () => {
    const user = { refreshTokens: [{ authTime: "2025-07-01T12:00:00Z", changeDate: "2025-07-02T03:04:05Z" }] };
    await using opened = await openPage(browser(), { users: [user] }, { timezoneId: "Asia/Tokyo", locale: "en-GB" });
    const time = opened.page.locator("dl.times time").first();
    expect(await time.getAttribute("datetime")).toBe("2025-07-02T03:04:05.000Z");
    expect(await time.getAttribute("title")).toMatch(/^Wednesday,? 2 July 2025 at 12:04:05 (GMT\+9|JST)$/);
  });

  testInChromium("draws each token's life on one axis", async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await rows(page).nth(5).waitFor();
    const middle = async (locator: Locator) => {
      const { x, width } = (await locator.boundingBox()) ?? { x: Number.NaN, width: 0 };
      return x + width / 2;
    };
    const x = (row: number, mark: string) => middle(rows(page).nth(row).locator(`.life path.${mark}`));
    const now = await middle(page.locator("#axis .now"));
    for (const row of [0, 2, 3]) {
      const marks = [await x(row, "in"), await x(row, "used"), await x(row, "idle"), await x(row, "end")];
      expect(marks).toEqual([...marks].sort((a, b) => a - b));
      expect(marks[2]).toBeGreaterThan(now);
    }
    // Idle-expired: that mark is in the past, the final one still to come. Expired: all is past.
    expect(await x(5, "idle")).toBeLessThan(now);
    expect(await x(5, "end")).toBeGreaterThan(now);
    expect(await x(4, "end")).toBeLessThan(now);
    expect(await rows(page).nth(4).locator(".life").getAttribute("aria-label")).toBe(
      "Timeline: signed in 93 days ago, last used 14 days ago, ended at the latest 3 days ago",
    );
    expect(await rows(page).first().locator("path.used title").textContent()).toMatch(/^Last used: \w+day, /);
  });

  testInChromium("shows all that ZITADEL says of a token in its details", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await rows(page).first().locator("summary").click();
    await rows(page).first().locator("details dd").first().waitFor();
    const text = await rows(page).first().locator("details dl").innerText();
    const token = zitadel.users[0].refreshTokens[2];
    for (const each of [
      token?.id,
      token?.clientId,
      "openid profile email offline_access",
      ...(token?.audience ?? []),
    ]) {
      expect(text).toContain(each);
    }
  });

  testInChromium("is filtered by state, app and words, and sorted", async () => {
    await using opened = await openPage(browser());
    const { page, complaints } = opened;
    await rows(page).nth(5).waitFor();
    expect(await page.locator("#state").innerText()).toBe("State\nAll 6\nActive 4\nUnused 1\nExpired 1");
    await page.getByText("Expired 1").click();
    expect(await names(page)).toEqual(["portal"]);
    expect(await page.locator("#count").textContent()).toBe("1 of 6 shown");
    await page.getByText("All 6").click();
    await page.locator("#app").selectOption({ label: "mobile" });
    expect(await names(page)).toEqual(["mobile", "mobile"]);
    await page.locator("#app").selectOption({ label: "All apps" });
    await page.locator("#search").fill("ZITADEL:AUD command");
    expect(await names(page)).toEqual(["command-line"]);
    await page.locator("#search").fill("nothing like it");
    expect(await rows(page).count()).toBe(0);
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await rows(page).count()).toBe(6);
    for (const [order, expected] of [
      ["App, A to Z", ["command-line", "mobile", "mobile", "notes", "portal", "portal"]],
      ["Ends first", ["notes", "portal", "mobile", "portal", "command-line", "mobile"]],
      ["Signed in last", ["command-line", "portal", "mobile", "mobile", "notes", "portal"]],
    ] as const) {
      await page.locator("#sort").selectOption({ label: order });
      expect([order, await names(page)]).toEqual([order, expected]);
    }
    expect(complaints).toEqual([]);
  });

  testInChromium("says what an empty list means, and what it does not", async () => {
    await using opened = await openPage(browser(), { users: [{ refreshTokens: [] }] });
    const text = await opened.page.locator("#empty").innerText();
    expect(text).toContain("does not mean that nobody is signed in");
    expect(text).toContain("OIDC sessions");
  });

  testInChromium("says that ZITADEL cut it", async () => {
    await using opened = await openPage(browser(), { users: [{ refreshTokens: manyTokens(1001) }] });
    await opened.page.locator("#truncated:visible").waitFor();
    expect(await opened.page.locator("#truncated").textContent()).toBe(
      "ZITADEL sent 1000 of 1001 tokens: it lists no more.",
    );
  });
});

describe("revoking", () => {
  testInChromium("one asks first, says what it does, and takes it off the list", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel, complaints } = opened;
    await rows(page).nth(5).waitFor();
    const button = page.getByRole("button", { name: "Revoke command-line, last used 12 minutes ago" });
    await button.click();
    const text = await page.locator("#confirm").innerText();
    expect(text).toContain("Revoke this sign-in?\ncommand-line, last used 12 minutes ago");
    expect(text).toContain("has to sign in again on that device. The access token that came with it ends too");
    await page.keyboard.press("Escape");
    expect(zitadel.users[0].refreshTokens).toHaveLength(6);
    await revoke(page, button);
    await rows(page).nth(5).waitFor({ state: "detached" });
    expect(await names(page)).toEqual(["mobile", "portal", "mobile", "portal", "notes"]);
    expect(zitadel.users[0].refreshTokens).toHaveLength(5);
    expect(await page.locator("#said").textContent()).toBe("1 revoked.");
    expect(complaints).toEqual([]);
  });

  testInChromium("several", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    for (const n of [1, 2, 4]) await page.locator("#list input").nth(n).check();
    expect(await page.locator("#count").textContent()).toBe("3 selected");
    await revoke(page, page.getByRole("button", { name: "Revoke selected" }));
    await rows(page).nth(3).waitFor({ state: "detached" });
    expect(await names(page)).toEqual(["mobile", "mobile", "notes"]);
    expect(zitadel.users[0].refreshTokens).toHaveLength(3);
    expect(await page.locator("#count").textContent()).toBe("3 in the list");
  });

  testInChromium("all that the filter shows, by one checkbox", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await page.locator("#app").selectOption({ label: "portal" });
    await page.locator("#all").check();
    expect(await page.locator("#count").textContent()).toBe("2 selected");
    await revoke(page, page.getByRole("button", { name: "Revoke selected" }));
    await page.locator("#count", { hasText: "in the list" }).waitFor();
    expect(zitadel.users[0].refreshTokens.map(({ clientId }) => clientId)).not.toContain("320010000000000011@portal");
    expect(zitadel.users[0].refreshTokens).toHaveLength(4);
  });

  testInChromium("all others keeps the one used last, and says why that one", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await page.locator("#search").fill("portal");
    await page.getByRole("button", { name: "Revoke all others" }).click();
    const text = await page.locator("#confirm").innerText();
    expect(text).toContain("Revoke all others (5)?");
    expect(text).toContain("Kept: mobile, last used 7 minutes ago. ZITADEL does not tell which one is your own");
    expect(text).toContain("Those that the filter hides are revoked as well");
    await page.locator("#confirm-revoke").click();
    await page.locator("#count", { hasText: "0 of 1" }).waitFor();
    expect(zitadel.users[0].refreshTokens.map(({ clientId }) => clientId)).toEqual(["320010000000000012@mobile"]);
  });

  testInChromium("is honest about a list that is behind, and notices when it has caught up", async () => {
    await using opened = await openPage(browser(), { lagMs: 1_200 });
    const { page } = opened;
    await revoke(page, page.getByRole("button", { name: "Revoke notes" }));
    const row = rows(page).filter({ hasText: "notes" });
    await row
      .filter({ hasText: "Revoked: the app has to sign in again. ZITADEL's list is not up to date yet." })
      .waitFor();
    expect(await row.locator("input").isDisabled()).toBe(true);
    expect(await row.getByRole("button").isDisabled()).toBe(true);
    await row.waitFor({ state: "detached", timeout: 10_000 });
  });

  testInChromium("what is gone but listed says so, and is left out of all others", async () => {
    const refreshTokens = [
      { clientId: "1@new" },
      { clientId: "2@stale", stale: true, authTime: "2026-01-01T00:00:00Z" },
    ];
    await using opened = await openPage(browser(), { users: [{ refreshTokens }] });
    const { page } = opened;
    await revoke(page, page.getByRole("button", { name: "Revoke stale" }));
    await rows(page).filter({ hasText: "Signed out or revoked by now. ZITADEL may go on listing it" }).waitFor();
    expect(await page.locator("#said").textContent()).toBe("0 revoked, 1 gone.");
    await page.getByRole("button", { name: "Revoke all others" }).click();
    expect(await page.locator("#confirm").isVisible()).toBe(false);
    expect(await page.locator("#said").textContent()).toBe("There is nothing else to revoke.");
  });

  testInChromium("what fails stays, with the reason and the remedy", async () => {
    const fault = {
      kind: "status",
      code: Code.ResourceExhausted,
      id: "QUOTA-vjAy8",
      method: "RevokeMyRefreshToken",
    } as const;
    await using opened = await openPage(browser(), { faults: [fault] });
    const { page, zitadel } = opened;
    await revoke(page, page.getByRole("button", { name: "Revoke notes" }));
    const note = rows(page).filter({ hasText: "notes" }).locator(".note");
    await note.filter({ hasText: "Not revoked" }).waitFor();
    expect(await note.textContent()).toBe(
      "Not revoked. The instance's quota is used up (ResourceExhausted, QUOTA-vjAy8). Ask who runs it.",
    );
    expect(zitadel.users[0].refreshTokens).toHaveLength(6);
    await revoke(page, page.getByRole("button", { name: "Revoke notes" }));
    await rows(page).nth(5).waitFor({ state: "detached" });
  });
});

describe("the request", () => {
  for (const [label, path, type] of [
    ["gRPC-Web", "/zitadel.auth.v1.AuthService/ListMyRefreshTokens", "application/grpc-web+proto"],
    ["REST", "/auth/v1/users/me/tokens/refresh/_search", "application/json"],
  ] as const) {
    testInChromium(`over ${label} is shown: path, content type, time, bytes, attempts`, async () => {
      await using opened = await openPage(browser());
      const { page, zitadel, complaints } = opened;
      await rows(page).nth(5).waitFor();
      await page.locator("#request > summary").click();
      await page.getByText(label, { exact: true }).first().click();
      await request(page, "Content type").filter({ hasText: type }).waitFor();
      expect(await request(page, "Request").textContent()).toBe(`POST ${path}`);
      expect(await request(page, "Protocol").textContent()).toBe(label);
      expect(await request(page, "Answer").textContent()).toBe(`200, ${type}`);
      expect(await request(page, "Time").textContent()).toMatch(/^[\d.]+ ms$/);
      expect(Number(await request(page, "Bytes").textContent())).toBeGreaterThan(500);
      expect(await request(page, "Attempts").textContent()).toBe("1");
      expect(await rows(page).count()).toBe(6);
      expect(zitadel.requests.filter(({ protocol }) => protocol !== "other").at(-1)).toMatchObject({
        path,
        method: "POST",
      });
      expect(complaints).toEqual([]);
    });
  }
});
