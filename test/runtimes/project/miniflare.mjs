// Runs the worker in workerd.
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const miniflare = new Miniflare({
  modules: [{ type: "ESModule", path: "worker.mjs", contents: readFileSync("out/workerd/worker.js", "utf8") }],
  compatibilityDate: "2025-06-01",
});
const response = await miniflare.dispatchFetch("http://worker/", { method: "POST", body: process.env.CONTRACT });
console.log(await response.text());
await miniflare.dispose();
