import { type Browser, chromium } from "playwright-core";
import { findChromium } from "./find-chromium.js";

/** Starts headless Chromium, which the caller closes. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("no Chromium found: install chromium, or set CHROMIUM_PATH to one");
  // Chromium refuses to sandbox itself for root.
  return await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
}
