import { gzipSync } from "node:zlib";
import { bundleOf, pages } from "./pages.js";

/** Of a page's script, in bytes. */
export type Size = { minified: number; gzip: number; limit?: number };

/** What our own may have, in bytes of gzip. */
const limits: Record<string, number> = {
  "ours, gRPC-Web": 28_500,
  "ours, gRPC-Web, view and revoke": 29_500,
  "ours, gRPC-Web and REST": 45_500,
};

/** Bundles pages, by default every one. */
export async function measureSizes(names = Object.keys(pages)): Promise<Record<string, Size>> {
  const sizes: Record<string, Size> = {};
  for (const name of names) {
    const bundle = await bundleOf(pages[name] as string);
    const limit = limits[name];
    const gzip = gzipSync(bundle, { level: 9 }).length;
    sizes[name] = { minified: bundle.length, gzip, ...(limit !== undefined && { limit }) };
  }
  return sizes;
}
