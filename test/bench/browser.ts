import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright-core";
import { findChromium } from "../helpers/find-chromium.js";
import { answer, envelope } from "./answer.js";
import { bundleOf, pages } from "./pages.js";

/** One visit to a page, in milliseconds: fetching and running its script, and its first call. */
export type Visit = { script: number; firstCall: number };

const body = Buffer.concat([envelope(answer(2)), envelope(Buffer.from("grpc-status: 0\r\n"), 0x80)]);

/** Visits every page so many times, taking turns, each time in a browser context without a cache. */
export async function measurePages(rounds: number): Promise<{ browser: string; visits: Record<string, Visit[]> }> {
  const scripts = new Map<string, Uint8Array>();
  for (const [name, script] of Object.entries(pages))
    scripts.set(`/${encodeURIComponent(name)}.js`, await bundleOf(script));
  const server = createServer((request, response) => {
    const script = scripts.get(request.url ?? "");
    if (request.method === "POST") {
      request.resume().on("end", () => {
        response
          .writeHead(200, { "content-type": "application/grpc-web+proto", "content-length": body.length })
          .end(body);
      });
    } else if (script) response.writeHead(200, { "content-type": "text/javascript" }).end(script);
    else response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>bench</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const executablePath = findChromium();
  if (!executablePath) throw new Error("no Chromium: install one or name it in CHROMIUM_PATH");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
  const visits: Record<string, Visit[]> = {};
  try {
    for (let round = 0; round < rounds; round++) {
      const names = Object.keys(pages);
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const context = await browser.newContext();
        const page = await context.newPage();
        await page.goto(origin);
        const visit = await page.evaluate(
          async (url) => {
            Object.assign(globalThis, { token: "V5rXfWb3yT8nQ2kLzJ7mC4dG9hS6pA1eR0uI" });
            const started = performance.now();
            await import(url);
            const loaded = performance.now();
            const { result } = await (globalThis as unknown as { list(): Promise<{ result: unknown[] }> }).list();
            if (result.length !== 2) throw new Error(`${result.length} tokens instead of 2`);
            return { script: loaded - started, firstCall: performance.now() - loaded };
          },
          `/${encodeURIComponent(name)}.js`,
        );
        visits[name] = [...(visits[name] ?? []), visit];
        await context.close();
      }
    }
    return { browser: `Chromium ${browser.version()}`, visits };
  } finally {
    await browser.close();
    server.close();
  }
}
