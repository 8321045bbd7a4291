// Blocks of code that are not TypeScript, and figures in sentences.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { startLocalZitadel } from "../../src/testing.js";
import { cli, runCli } from "../cli/run-cli.js";
import { block, blocksOf, readPage, root, SnippetFolder } from "./snippets.js";

const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
const blocks = ["README.md", ...docs.map((name) => `docs/${name}`)].flatMap(blocksOf);

let folder: SnippetFolder;
beforeAll(() => {
  folder = new SnippetFolder();
});
afterAll(() => folder.remove());

test("every block runs in a test", () => {
  const others = blocks.filter(({ language, page }) => language !== "ts" && page !== "docs/adding-an-rpc.md");
  expect(others.map(({ page, language }) => `${page} ${language}`).sort()).toEqual([
    ...["README.md sh", "README.md sh", "README.md sh", "README.md sh"],
    ...["docs/browsers.md js", "docs/element.md css", "docs/moving-from-zitadel-client.md js"],
    ...["docs/protocols.md ", "docs/protocols.md ", "docs/protocols.md ", "docs/testing.md sh"],
  ]);
});

describe("README.md", () => {
  test("the file that npm install names is the one that npm pack makes", () => {
    const { name, version } = JSON.parse(readPage("package.json")) as Record<string, string>;
    expect(block("README.md", "npm install")).toBe(`npm install ./${name}-${version}.tgz\n`);
  });

  test("the commands work one after the other", async () => {
    await using zitadel = await startLocalZitadel({ approve: true });
    const env = { XDG_CONFIG_HOME: folder.path };
    const lines = block("README.md", "end --others").replaceAll("https://my-instance.zitadel.cloud", zitadel.url);
    const more: Record<string, string[]> = {
      login: ["--no-browser"],
      end: ["--yes"],
      serve: ["--detach", "-o", "json"],
    };
    for (const [, command = ""] of lines.matchAll(/^npx zitadel-refresh-tokens ([^#\n]+)/gm)) {
      const args = command.trim().split(" ");
      const { status, stdout, stderr } = await runCli([...args, ...(more[args[0] ?? ""] ?? [])], { env });
      expect([command, status, status === 0 ? "" : stderr]).toEqual([command, 0, ""]);
      if (args[0] === "serve") process.kill((JSON.parse(stdout) as { pid: number }).pid);
    }
    expect(zitadel.users[0].sessions).toHaveLength(1);
  });
});

test("docs/testing.md starts a server in the background, and stops it", () => {
  const bin = join(folder.path, "bin");
  mkdirSync(bin);
  // Stands for npm's: what the block starts beside the command is the reader's own.
  const npx = `#!/bin/sh\ncase "$1" in zitadel-refresh-tokens) shift; exec "$NODE" "${cli}" "$@";; *) echo "$ZITADEL_URL";; esac\n`;
  writeFileSync(join(bin, "npx"), npx);
  chmodSync(join(bin, "npx"), 0o755);
  const env = { ...process.env, NODE: process.execPath, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status, stdout } = spawnSync("sh", ["-ec", block("docs/testing.md", "--detach")], {
    cwd: folder.path,
    env,
    encoding: "utf8",
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\n$/) });
});

test("docs/browsers.md lets SvelteKit show what an answer is read by", async () => {
  const file = join(folder.path, "hooks.mjs");
  writeFileSync(file, block("docs/browsers.md", "filterSerializedResponseHeaders"));
  type Options = { filterSerializedResponseHeaders(name: string): boolean };
  const { handle } = (await import(pathToFileURL(file).href)) as {
    handle(input: { event: object; resolve(event: object, options: Options): Options }): Options;
  };
  const { filterSerializedResponseHeaders } = handle({ event: {}, resolve: (_event, options) => options });
  const names = ["content-type", "grpc-status", "grpc-message", "set-cookie"];
  expect(names.filter(filterSerializedResponseHeaders)).toEqual(names.slice(0, 3));
});

test("docs/moving-from-zitadel-client.md shows what works today", async () => {
  await using zitadel = await startLocalZitadel();
  const before = block("docs/moving-from-zitadel-client.md", "createServerTransport");
  const given = "const { ZITADEL_TOKEN: token, ZITADEL_URL: baseUrl } = process.env;";
  const code = `${before}console.log(result.length); process.exit();`.replace(/\n\n/, `\n${given}\n`);
  const variables = { ZITADEL_URL: zitadel.url, ZITADEL_TOKEN: zitadel.users[0].token };
  expect(await folder.run(code, zitadel.url, variables)).toEqual({ status: 0, output: "6\n" });
});

test("docs/element.md names the element's custom properties and parts, and no others", () => {
  const page = readPage("docs/element.md");
  const sources = readdirSync(join(root, "src/element")).map((name) => readPage(`src/element/${name}`));
  const all = (pattern: RegExp) => [...sources.join().matchAll(pattern)].map(([, name = ""]) => name);
  const named = (pattern: RegExp) =>
    [...(pattern.exec(page)?.[1] ?? "").matchAll(/`(?:--sign-ins)?-?(\w+)`/g)].map(([, name = ""]) => name).sort();
  expect(named(/^Properties: (.*?)\. Parts/ms)).toEqual([...new Set(all(/--sign-ins-(\w+)/g))].sort());
  const parts = all(/part: "([\w ]+)"/g).flatMap((names) => names.split(" "));
  expect(named(/Parts: (.*?)\. It works/s)).toEqual([...new Set(parts)].sort());
  const css = block("docs/element.md", "::part");
  expect(all(/--sign-ins-(\w+)/g)).toEqual(
    expect.arrayContaining([...css.matchAll(/--sign-ins-(\w+)/g)].map((m) => m[1])),
  );
  expect(parts).toEqual(expect.arrayContaining([...css.matchAll(/::part\((\w+)\)/g)].map((match) => match[1])));
});

test("docs/protocols.md shows one answer on three wires", () => {
  const hexOf = (words: string) =>
    /^(?:DATA +)?00 (00000012 .*)$/m.exec(block("docs/protocols.md", words))?.[1]?.replaceAll(" ", "") ?? "";
  const json: unknown = JSON.parse(block("docs/protocols.md", "processedSequence"));
  for (const words of ["HEADERS", "grpc-status: 0"]) {
    const bytes = Buffer.from(hexOf(words), "hex");
    expect(bytes.readUInt32BE()).toBe(bytes.length - 4);
    expect(
      toJson(ListMyRefreshTokensResponseSchema, fromBinary(ListMyRefreshTokensResponseSchema, bytes.subarray(4))),
    ).toEqual(json);
  }
});

// Page, its words, and where the source says the same.
const figures = `
README.md | maxAttempts: 4, initialBackoffMs: 100, backoffMultiplier: 2, maxBackoffMs: 1000 | src/call/next-step.ts | maxAttempts = 4, initialBackoffMs = 100, backoffMultiplier = 2, maxBackoffMs = 1000
README.md | 10 000 | src/transport.ts | timeoutMs = 10_000
README.md | 4 MiB | src/limits.ts | defaultMaxResponseBytes = 4 * 1024 * 1024
docs/moving-from-zitadel-client.md | 10 s, up to 4 requests | src/transport.ts | timeoutMs = 10_000
docs/backends.md | about 100, 200 and 400 ms | src/call/next-step.ts | initialBackoffMs = 100, backoffMultiplier = 2
docs/backends.md | 100 retries | src/call/throttle.ts | capacity = 500; const retryCost = 5;
docs/backends.md | last 5 seconds | src/call/next-step.ts | restartMs = 5_000
docs/backends.md | after 30 quiet seconds | src/http/node/settings.ts | pingIntervalMs = 30_000
docs/backends.md | after 50 idle ones | src/http/node/settings.ts | idleTimeoutMs = 50_000
docs/backends.md | kept for 4 seconds | src/http/node/agent.ts | idleMs = 4_000
docs/backends.md | Connecting takes 5 seconds | src/http/node/settings.ts | connectTimeoutMs = 5_000
docs/faults.md | connecting takes longer than 5 seconds | src/http/node/settings.ts | connectTimeoutMs = 5_000
docs/faults.md | up to 4 times in all | src/call/next-step.ts | maxAttempts = 4
docs/tokens-and-security.md | After 30 seconds its \`signal\` aborts | src/call/token.ts | refreshTimeoutMs = 30_000
docs/install.md | \`@bufbuild/protobuf\` (\`^2.13.0\`) and \`@connectrpc/connect\` (\`^2.2.0\`) | package.json | "@bufbuild/protobuf": "^2.13.0", "@connectrpc/connect": "^2.2.0"
docs/element.md | From eight sign-ins on | src/element/sign-ins-element.ts | searchableRows = 8`;

describe("figures", () => {
  const oneLine = (path: string) => readPage(path).replaceAll(/\s+/g, " ");
  for (const row of figures.trim().split("\n")) {
    const [page = "", words = "", file = "", source = ""] = row.split(" | ");
    test(`${page}: ${words}`, () => {
      expect(oneLine(page)).toContain(words);
      expect(oneLine(file)).toContain(source);
    });
  }
});
