import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

// From build/test/docs, where this file runs.
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A block of code in a page: its language, the words behind that, and the code. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly info: string;
  readonly code: string;
}

/** The text of a page, `page` being a path from the root. */
export function readPage(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Every block of code in a page. */
export function blocksOf(page: string): Block[] {
  const text = readPage(page);
  return [...text.matchAll(/^```(\w*) ?([^\n]*)\n(.*?)^```$/gms)].map(
    ({ index, 1: language = "", 2: info = "", 3: code = "" }) => {
      return { page, line: text.slice(0, index).split("\n").length, language, info, code };
    },
  );
}

/** The code of the one block of a page that holds these words. */
export function block(page: string, words: string): string {
  const [found, ...others] = blocksOf(page).filter(({ code }) => code.includes(words));
  if (!found || others.length > 0) throw new Error(`not one block of ${page} holds "${words}"`);
  return found.code;
}

/** A folder inside of the package, so that its name leads to itself. */
export class SnippetFolder {
  readonly path: string;
  #runs = 0;

  constructor() {
    mkdirSync(join(root, "build/snippets"), { recursive: true });
    this.path = mkdtempSync(join(root, "build/snippets/"));
  }

  /** Compiles TypeScript files by name; returns what tsc says, nothing if all is well. */
  async compile(files: Record<string, string>): Promise<string> {
    for (const [name, code] of Object.entries(files)) writeFileSync(join(this.path, name), code);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      // @types/node does not pass under exactOptionalPropertyTypes.
      skipLibCheck: true,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      module: "nodenext",
      moduleDetection: "force",
      types: ["node"],
    };
    writeFileSync(join(this.path, "tsconfig.json"), JSON.stringify({ compilerOptions, files: Object.keys(files) }));
    const { output } = await this.node([join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
    return output;
  }

  /** Runs a snippet as it stands, but for the instance's URL. */
  async run(code: string, url: string, variables: Record<string, string> = {}) {
    const file = join(this.path, `run-${++this.#runs}.mjs`);
    const { code: script } = await transform(forInstance(code, url), { loader: "ts" });
    writeFileSync(file, script);
    return await this.node([file], variables);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async node(args: readonly string[], variables: Record<string, string> = {}) {
    const { FORCE_COLOR: _, ...env } = process.env;
    const child = spawn(process.execPath, args, { cwd: this.path, env: { ...env, NO_COLOR: "1", ...variables } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const [status] = await once(child, "close");
    return { status: status as number | null, output };
  }
}

/** A snippet in which the instance is the one at `url`. */
export function forInstance(code: string, url: string): string {
  return code
    .replaceAll("https://my-instance.zitadel.cloud", url)
    .replaceAll("my-instance.zitadel.cloud", url && new URL(url).host);
}
