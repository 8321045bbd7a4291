import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";

// From build/test/page, where this file runs.
const built = (name: string) => readFileSync(new URL(`../../../dist/page/${name}`, import.meta.url), "utf8");
const gzipBytes = (names: string[]) => names.reduce((sum, name) => sum + gzipSync(built(name), { level: 9 }).length, 0);

test("the page weighs at most 46 kB with the library; REST's script is loaded when asked for", () => {
  expect(gzipBytes(["index.html", "page.css", "page.js"])).toBeLessThanOrEqual(46_000);
  expect([...built("page.js").matchAll(/\b(?:import|from)\(?"([^"]+)"/g)].map(([text]) => text)).toEqual([
    'import("./rest.js"',
  ]);
  expect(gzipBytes(["rest.js"])).toBeLessThanOrEqual(34_200);
});

test("the page has nothing inline, and nothing from elsewhere", () => {
  const html = built("index.html");
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|https?:\/\/(?!my-instance)|javascript:/i);
  expect(built("page.css")).not.toMatch(/@import|url\(/);
});

test("no source of the page makes markup, code or storage of anything", () => {
  const sources = fileURLToPath(new URL("../../../src/page/", import.meta.url));
  const sinks =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|eval\(|new Function|localStorage|sessionStorage|indexedDB|document\.cookie|history\.|location\s*=|location\.(?!origin)/;
  for (const name of readdirSync(sources))
    expect([name, readFileSync(sources + name, "utf8").match(sinks)?.[0]]).toEqual([name, undefined]);
});
