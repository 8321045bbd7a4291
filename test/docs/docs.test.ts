import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startLocalZitadel } from "../../src/testing.js";
import { runInChromium, testInChromium } from "../helpers/chromium.js";
import { blocksOf, forInstance, readPage, root, SnippetFolder } from "./snippets.js";

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
// What its own test adds, generates and runs, needs code that is generated there.
const ownTest = "docs/adding-an-rpc.md";
const snippets = pages.flatMap(blocksOf).filter(({ language, page }) => language === "ts" && page !== ownTest);

let folder: SnippetFolder;
beforeAll(() => {
  folder = new SnippetFolder();
});
afterAll(() => folder.remove());

describe("snippets", () => {
  test("compile", async () => {
    const files = snippets.map(({ page, line, code }) => [`${page.replaceAll("/", "-")}-${line}.ts`, code]);
    expect(files.length).toBeGreaterThan(10);
    expect(await folder.compile(Object.fromEntries(files))).toBe("");
  });

  // Those of the README run in a test of their own, which looks at what they print.
  for (const { page, line, info, code } of snippets.filter((block) => block.page !== "README.md")) {
    if (info === "browser") {
      testInChromium(`${page}:${line} runs in a browser`, async () => {
        await using zitadel = await startLocalZitadel();
        const [user] = zitadel.users;
        const [imports = "", body = ""] = code.split(/\n\n(?!import)(.*)/s);
        const script = `${imports}
          export async function run({ url, token }) {
            sessionStorage.setItem("token", token);
            while (!document.body) await new Promise((resolve) => setTimeout(resolve));
            ${body.replaceAll('"https://my-instance.zitadel.cloud"', "url")}
            for (const element of document.querySelectorAll("zitadel-sign-ins")) await element.refresh();
            return [...document.querySelectorAll("*")].map((each) => (each.shadowRoot ?? each).textContent).join();
          }`;
        const text = await runInChromium<string>({ script, input: { url: zitadel.url, token: user.token } });
        // The element shows the end of the ids of apps that it has no names for.
        for (const { clientId } of user.refreshTokens) expect(text).toContain(clientId.slice(-4));
      });
    } else {
      test(`${page}:${line} runs`, async () => {
        await using zitadel = await startLocalZitadel();
        const variables = { ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: zitadel.users[0].token };
        const outcome = await folder.run(forInstance(code, zitadel.url), zitadel.url, variables);
        expect(outcome).toEqual({ status: 0, output: expect.not.stringContaining("Error") });
      });
    }
  }
});

describe("links", () => {
  const anchorsOf = (page: string) =>
    [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );

  for (const page of pages) {
    test(`of ${page} lead somewhere`, () => {
      const prose = readPage(page).replace(/^```.*?^```$/gms, "");
      const links = [...prose.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
      const broken = links.filter((link) => {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : posix.join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
      expect(broken).toEqual([]);
    });
  }

  test("of what is packed lead to what is packed", () => {
    const { files } = JSON.parse(readPage("package.json")) as { files: string[] };
    const packed = [...files, "README.md", "LICENSE", "CHANGELOG.md", "package.json"];
    const isPacked = (path: string) => packed.some((entry) => path === entry || path.startsWith(`${entry}/`));
    const broken = pages.filter(isPacked).flatMap((page) =>
      [...readPage(page).matchAll(/\]\((?!https?:|#)([^)\s#]+)/g)]
        .map(([, link = ""]) => posix.join(dirname(page), link))
        .filter((target) => !isPacked(target))
        .map((target) => `${page} links to ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

test("files that CONTRIBUTING.md names exist", () => {
  const named = [...readPage("CONTRIBUTING.md").matchAll(/`((?:src|test|docs|examples)\/[\w./-]*)`/g)].map(
    ([, path = ""]) => path,
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("npm scripts that pages name exist", () => {
  const { scripts } = JSON.parse(readPage("package.json")) as { scripts: object };
  const named = pages.flatMap((page) =>
    [...readPage(page).matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, own]) => run ?? own),
  );
  expect(named).toContain("test");
  for (const script of named) expect(Object.keys(scripts)).toContain(script);
});

describe("docs/errors.md", () => {
  const rows = [...readPage("docs/errors.md").matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );

  test("has a row for each code", () => {
    const codes = Object.keys(Code).filter((name) => /^[A-Z]/.test(name));
    expect(codes.filter((code) => !rows.includes(code))).toEqual([]);
  });

  test("has a row for each reason, and none that does not exist", () => {
    const source = readPage("src/failure.ts");
    const [, union = ""] = /export type FailureReason =([^;]*);/.exec(source) ?? [];
    const reasons = [...union.matchAll(/["`]([a-z0-9-]+)(?:\$\{string\})?["`]/g)].map(([, name = ""]) =>
      name === "rst-" ? "rst-NAME" : name,
    );
    expect(reasons.length).toBeGreaterThan(20);
    const listed = rows.filter(
      (name) =>
        /^[a-z0-9]+(-[a-zA-Z0-9]+)*$/.test(name) && !["code", "id", "attempts", "reason", "hint"].includes(name),
    );
    expect(listed.sort()).toEqual(reasons.sort());
  });

  test("has a row for each of ZITADEL's ids that the source knows", () => {
    const paths = ["src/zitadel.ts", "src/cli/advice.ts", "src/revoke.ts"];
    const sources = paths.map((path) => readFileSync(join(root, path), "utf8")).join("");
    const ids = [...sources.matchAll(/\b[A-Z]{3,8}-[A-Za-z0-9]{5}\b/g)].map(([id]) => id);
    expect(ids.length).toBeGreaterThan(2);
    expect(ids.filter((id) => !rows.includes(id))).toEqual([]);
  });
});
