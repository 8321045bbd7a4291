import { afterAll, beforeAll } from "@jest/globals";
import type { Browser } from "playwright-core";
import { findChromium } from "./find-chromium.js";
import { launchChromium } from "./launch-chromium.js";

/** One browser for all tests of a file. */
export function sharedChromium(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (findChromium() !== undefined || process.env.CI) browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  return () => browser as Browser;
}
