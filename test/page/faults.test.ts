import { describe, expect } from "@jest/globals";
import type { Page } from "playwright-core";
import { Code } from "../../src/node.js";
import type { Fault } from "../../src/testing.js";
import { testInChromium } from "../helpers/chromium.js";
import { type OpenedPage, openPage } from "./open-page.js";
import { useChromium } from "./use-chromium.js";

const browser = useChromium();
const listed = (page: Page) => page.locator("#list > li").nth(5).waitFor();
const problem = (page: Page) => page.locator("#problem").innerText();
const request = (page: Page, name: string) =>
  page
    .locator("#request-facts > div")
    .filter({ hasText: new RegExp(`^${name}`) })
    .locator("dd");

/** Opens the page, and lets something go wrong with the list that is loaded next. */
async function reloadWith(...faults: Fault[]): Promise<OpenedPage> {
  const opened = await openPage(browser());
  await listed(opened.page);
  for (const fault of faults) opened.zitadel.fail(fault);
  await opened.page.locator("#request > summary").click();
  await opened.page.locator("#reload").click();
  return opened;
}

describe("a fault while the page runs", () => {
  testInChromium("503 for a moment: the list comes, and the attempts show", async () => {
    await using opened = await reloadWith({ kind: "status", code: Code.Unavailable, times: 2 });
    const { page } = opened;
    await request(page, "Attempts").filter({ hasText: "3" }).waitFor();
    await page.locator("#reload[aria-busy=false]").waitFor();
    expect(await request(page, "Attempts").textContent()).toMatch(
      /^3: Unavailable after \d+ ms, Unavailable after \d+ ms, OK after \d+ ms$/,
    );
    expect(await page.locator("#problem").isHidden()).toBe(true);
  });

  testInChromium("503 for good: said so, the old list stays, and trying again helps", async () => {
    await using opened = await reloadWith({ kind: "status", code: Code.Unavailable, times: 4 });
    const { page } = opened;
    await page.locator("#problem").waitFor();
    expect(await problem(page)).toMatch(/^ZITADEL is not available\n.*Try again in a moment/s);
    expect(await problem(page)).toContain("Attempts\n4");
    await listed(page);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator("#problem").waitFor({ state: "hidden" });
  });

  testInChromium("the token expired once: a new one is fetched, and nobody notices", async () => {
    await using opened = await reloadWith({ kind: "expired-once" });
    const { page, zitadel } = opened;
    await request(page, "Attempts").filter({ hasText: "2" }).waitFor();
    await page.locator("#reload[aria-busy=false]").waitFor();
    expect(await request(page, "Attempts").textContent()).toMatch(/^2: Unauthenticated after \d+ ms, OK after \d+ ms$/);
    expect(await page.locator("#problem").isHidden()).toBe(true);
    expect(zitadel.requests.filter(({ protocol }) => protocol === "grpc-web")).toHaveLength(3);
  });

  testInChromium("the token expired for good: what it may be, its id, and the way to another token", async () => {
    await using opened = await reloadWith({ kind: "expired-once", times: 2 });
    const { page } = opened;
    await page.locator("#problem").waitFor();
    const text = await problem(page);
    expect(text).toMatch(/^The access token is no longer accepted\n/);
    expect(text).toContain("urn:zitadel:iam:org:project:id:zitadel:aud");
    expect(text).toContain("ZITADEL's id\nAUTH-7fs1e");
    await page.getByRole("button", { name: "Use another token" }).click();
    await page.getByRole("button", { name: "Back to the demo user" }).click();
    await page.locator("#problem").waitFor({ state: "hidden" });
    await listed(page);
  });

  testInChromium("no answer: given up at the deadline", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await listed(page);
    await page.clock.install();
    zitadel.fail({ kind: "hang" });
    const before = zitadel.requests.length;
    await page.locator("#reload").click();
    while (zitadel.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await page.locator("#reload").getAttribute("aria-busy")).toBe("true");
    await page.clock.fastForward(10_001);
    await page.locator("#problem").waitFor();
    expect(await problem(page)).toMatch(/^No answer in time\n/);
    expect(await problem(page)).toContain("Code\nDeadlineExceeded");
  });

  testInChromium("a proxy's page instead of an answer", async () => {
    await using opened = await reloadWith({ kind: "html", status: 502, times: 4 });
    await opened.page.locator("#problem").waitFor();
    const text = await problem(opened.page);
    expect(text).toMatch(/^A proxy answered instead of ZITADEL\n/);
    expect(text).toContain("HTTP status\n502");
  });

  testInChromium("an answer cut short, a broken connection", async () => {
    await using opened = await reloadWith({ kind: "truncated" }, { kind: "disconnect" }, { kind: "reset" });
    const { page, zitadel } = opened;
    await page.locator("#problem").waitFor();
    expect(await problem(page)).toMatch(/^The call failed\n/);
    await page.locator("#reload").click();
    await page.locator("#problem").waitFor({ state: "hidden" });
    await listed(page);
    // The first list, the one that was cut, and three of the second try.
    expect(zitadel.requests.filter(({ protocol }) => protocol === "grpc-web")).toHaveLength(5);
  });

  testInChromium("offline: said so, and loaded again when the network is back", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await listed(page);
    await page.context().setOffline(true);
    const notice = page.locator("#offline");
    await notice.filter({ hasText: "You are offline. The list may be out of date" }).waitFor();
    await page.locator("#reload").click();
    await page.locator("#reload[aria-busy=false]").waitFor();
    expect(await page.locator("#problem").isHidden()).toBe(true);
    await listed(page);
    const before = zitadel.requests.length;
    await page.context().setOffline(false);
    await notice.filter({ hasText: /^$/ }).waitFor({ state: "attached" });
    while (zitadel.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  testInChromium("REST that the app's origins do not allow: why, and the switch to what works", async () => {
    await using opened = await openPage(browser(), { users: [{ allowedOrigins: ["https://app.example.com"] }] });
    const { page, zitadel } = opened;
    await listed(page);
    await page.getByText("REST", { exact: true }).click();
    await page.locator("#problem").waitFor();
    expect(await problem(page)).toContain(`does not list ${zitadel.url} among its additional origins`);
    expect(await problem(page)).toContain("AUTH-DZG21");
    await page.getByRole("button", { name: "Switch to gRPC-Web" }).click();
    await page.locator("#problem").waitFor({ state: "hidden" });
    expect(await page.locator("input[value=grpcWeb]").isChecked()).toBe(true);
  });

  testInChromium("its own token revoked: the next list is refused, and the page says what that may mean", async () => {
    await using opened = await openPage(browser());
    const { page, zitadel } = opened;
    await listed(page);
    zitadel.fail({ kind: "expired-once", method: "ListMyRefreshTokens", times: 2 });
    await page.getByRole("button", { name: "Revoke notes" }).click();
    await page.locator("#confirm-revoke").click();
    await page.locator("#problem", { hasText: "was it this page's own?" }).waitFor();
    await page.locator("#list .revoked", { hasText: "notes" }).waitFor();
  });
});

testInChromium("the protocol chosen last counts, and one whose script cannot be loaded is told", async () => {
  await using opened = await openPage(browser());
  const { page } = opened;
  await listed(page);
  let release: (() => void) | undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/rest.js", async (route) => {
    await released;
    await route.continue();
  });
  const protocol = () => page.locator("#request-facts > div", { hasText: "Protocol" }).locator("dd").textContent();
  await page.getByText("REST", { exact: true }).click();
  await page.getByText("gRPC-Web", { exact: true }).first().click();
  const loaded = page.waitForResponse("**/rest.js");
  release?.();
  await loaded;
  await page.locator("#reload[aria-busy=false]").waitFor();
  await page.locator("#reload").click();
  await page.locator("#reload[aria-busy=false]").waitFor();
  expect(await protocol()).toBe("gRPC-Web");

  await page.unroute("**/rest.js");
  await page.reload();
  await listed(page);
  await page.route("**/rest.js", (route) => route.abort());
  await page.getByText("REST", { exact: true }).click();
  await page.locator("#problem").waitFor();
  expect(await page.locator("input[value=grpcWeb]").isChecked()).toBe(true);
  await listed(page);
});

describe("another instance", () => {
  testInChromium("is used from memory alone, over both protocols", async () => {
    await using other = await openPage(browser(), { users: [{ refreshTokens: [{ clientId: "1@elsewhere" }] }] });
    await using opened = await openPage(browser());
    const { page, complaints } = opened;
    await listed(page);
    await page.getByRole("button", { name: "Another instance" }).click();
    const { personal } = other.zitadel.users[0].tokens;
    await page.getByLabel("URL").fill(`${other.zitadel.url}/`);
    await page.getByLabel("Access token").fill(` ${personal} `);
    await page.getByRole("button", { name: "Show its tokens" }).click();
    await page.locator("#list h3", { hasText: "elsewhere" }).waitFor();
    await page.getByText("REST", { exact: true }).click();
    await request(page, "Protocol").filter({ hasText: "REST" }).waitFor({ state: "attached" });
    expect(await page.locator("#list > li").count()).toBe(1);
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
    expect(complaints).toEqual([]);
    await page.reload();
    await listed(page);
  });

  for (const [url, token, said] of [
    ["http://zitadel.example.com", "abcdefgh", /allowInsecure|http/],
    ["https://zitadel.example.com/?a=b", "abcdefgh", /query/],
    ["https://zitadel.example.com", "two words", /token/],
  ] as const) {
    testInChromium(`${url} with ${token} is refused in words before anything is sent`, async () => {
      await using opened = await openPage(browser());
      const { page, complaints } = opened;
      await listed(page);
      await page.locator("#other").click();
      await page.getByLabel("URL").fill(url);
      await page.getByLabel("Access token").fill(token);
      await page.getByRole("button", { name: "Show its tokens" }).click();
      const mistake = page.locator("#instance-mistake");
      await mistake.filter({ hasText: said }).waitFor();
      expect(await mistake.textContent()).not.toContain(token);
      await page.getByRole("button", { name: "Cancel" }).click();
      await listed(page);
      expect(complaints).toEqual([]);
    });
  }
});
