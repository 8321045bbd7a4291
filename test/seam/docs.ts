import { block } from "../docs/snippets.js";

export { root } from "../docs/snippets.js";

/** The one code block of docs/adding-an-rpc.md that holds these words. */
export const snippet = (words: string): string => block("docs/adding-an-rpc.md", words);
