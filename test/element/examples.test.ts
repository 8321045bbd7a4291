import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "@jest/globals";
import { root } from "../bench/pages.js";
import { testInChromium } from "../helpers/chromium.js";
import { sharedChromium } from "../helpers/shared-chromium.js";
import { openElement } from "./open-element.js";

const browser = sharedChromium();

// What the examples call what a sign-in library returns.
const session = `const { token } = await (await fetch("/input.json")).json();
  globalThis.session = { issuer: location.origin, accessToken: () => token };`;

describe("examples/element", () => {
  for (const [file, count] of [
    ["plain.ts", undefined],
    ["react.tsx", "1 signed out"],
    ["vue.ts", "1 signed out"],
  ] as const) {
    testInChromium(`${file} shows the element, names the app, and hears what ended`, async () => {
      expect(readFileSync(join(root, "examples/element", file), "utf8")).toContain("zitadel-refresh-tokens/element");
      const script = `${session} await import(${JSON.stringify(join(root, "examples/element", file))});`;
      await using opened = await openElement(browser(), { script });
      const { page, cards, complaints } = opened;
      const portal = cards.filter({ has: page.locator("h3", { hasText: "Portal" }) });
      await portal.first().waitFor();
      await opened.end(portal.first().getByRole("button"));
      await page.locator(".notice", { hasText: "Signed out of Portal." }).waitFor();
      if (count) await page.locator("#count", { hasText: count }).waitFor();
      expect(complaints.filter((text) => text.startsWith("uncaught"))).toEqual([]);
    });
  }
});
