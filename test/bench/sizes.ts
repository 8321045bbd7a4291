import { gzipSync } from "node:zlib";
import { bundleOf, pages } from "./pages.js";

/** Of a page's script, in bytes. */
export type Size = { minified: number; gzip: number; limit?: number };

/** What our own may have, in bytes of gzip. */
const limits: Record<string, number> = { "ours, gRPC-Web": 28_000, "ours, gRPC-Web and REST": 38_000 };

/** Bundles every page. */
export async function measureSizes(): Promise<Record<string, Size>> {
  const sizes: Record<string, Size> = {};
  for (const [name, script] of Object.entries(pages)) {
    const bundle = await bundleOf(script);
    const limit = limits[name];
    const gzip = gzipSync(bundle, { level: 9 }).length;
    sizes[name] = { minified: bundle.length, gzip, ...(limit !== undefined && { limit }) };
  }
  return sizes;
}
