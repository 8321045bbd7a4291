import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "@jest/globals";
import { bundlePage, runInChromium, testInChromium } from "./chromium.js";
import { findChromium } from "./find-chromium.js";

const profiles = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`chromium-${process.pid}-`));

describe("runInChromium", () => {
  testInChromium("gives what the page resolves to", async () => {
    const script = `export async function run(input: { text: string }) {
      const answer = await fetch("/echo", { method: "POST", body: input.text });
      return { answer: await answer.text(), agent: navigator.userAgent, process: typeof globalThis.process };
    }`;
    const report = await runInChromium<{ answer: string; agent: string; process: string }>({
      script,
      input: { text: "</script>" },
      handle: (request, response) => void request.pipe(response),
    });
    expect(report.answer).toBe("</script>");
    expect(report.agent).toContain("Chrome");
    expect(report.process).toBe("undefined");
    expect(profiles()).toEqual([]);
  });

  testInChromium("fails with the page's error", async () => {
    const script = `export async function run() { throw new RangeError("too far"); }`;
    await expect(runInChromium({ script })).rejects.toThrow(/the page failed: RangeError: too far/);
  });

  testInChromium("fails where the page never reports", async () => {
    const script = `export const run = () => new Promise(() => {});`;
    await expect(runInChromium({ script, timeoutMs: 3_000 })).rejects.toThrow(/did not report within 3000 ms/);
    expect(profiles()).toEqual([]);
  });
});

test("a program that is no browser fails at once", async () => {
  await expect(runInChromium({ script: "export const run = () => 1;", program: process.execPath })).rejects.toThrow(
    /Chromium ended early \(9\): .*bad option: --headless/,
  );
  expect(profiles()).toEqual([]);
});

describe("bundlePage", () => {
  test("refuses what a browser does not have", async () => {
    const script = `import { connect } from "node:net"; export const run = () => connect(1);`;
    await expect(bundlePage({ script })).rejects.toThrow(/Could not resolve "node:net"/);
  });
});

describe("findChromium", () => {
  test("finds none on an empty PATH, but for the places of macOS", () => {
    const found = findChromium({});
    if (process.platform !== "darwin") expect(found).toBeUndefined();
  });

  test("takes CHROMIUM_PATH at its word", () => {
    expect(findChromium({ CHROMIUM_PATH: process.execPath })).toBe(process.execPath);
    expect(() => findChromium({ CHROMIUM_PATH: "/nowhere/chromium" })).toThrow("CHROMIUM_PATH names no program");
  });
});
