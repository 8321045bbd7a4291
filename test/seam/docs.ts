import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// From build/test/seam, where this file runs.
export const root = fileURLToPath(new URL("../../..", import.meta.url));

const page = readFileSync(join(root, "docs/adding-an-rpc.md"), "utf8");
const blocks = [...page.matchAll(/^```\w+\n(.*?)^```/gms)].map((match) => match[1] as string);

/** The one code block of docs/adding-an-rpc.md that holds these words. */
export function snippet(words: string): string {
  const found = blocks.filter((block) => block.includes(words));
  if (found.length !== 1) throw new Error(`${found.length} snippets hold "${words}"`);
  return found[0] as string;
}
