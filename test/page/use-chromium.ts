import { afterAll, beforeAll } from "@jest/globals";
import type { Browser } from "playwright-core";
import { findChromium } from "../helpers/find-chromium.js";
import { launchChromium } from "./open-page.js";

/** One browser for all tests of a file. */
export function useChromium(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (findChromium() !== undefined || process.env.CI) browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  return () => browser as Browser;
}
