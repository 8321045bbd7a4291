import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { transform } from "esbuild";
import { ListMyRefreshTokensResponseSchema } from "../gen/zitadel/auth_pb.js";
import { startLocalZitadel } from "../src/testing.js";
import { certificate } from "./helpers/certificate.js";
import { runInChromium, testInChromium } from "./helpers/chromium.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
// Inside of the package, so that its name leads to itself.
const folder = join(root, "build/readme");

const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] as string);

/** The one snippet that holds these words. */
function snippet(words: string): string {
  const found = blocks("ts").filter((block) => block.includes(words));
  if (found.length !== 1) throw new Error(`${found.length} snippets hold "${words}"`);
  return found[0] as string;
}

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function node(args: readonly string[], variables: Record<string, string> = {}) {
  const { FORCE_COLOR: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...env, NO_COLOR: "1", ...variables } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [status] = await once(child, "close");
  return { status, output };
}

let runs = 0;

/** Runs a snippet as it stands, but for the instance's URL. */
async function runSnippet(code: string, url: string, variables: Record<string, string> = {}) {
  const file = join(folder, `run-${++runs}.mjs`);
  const { code: script } = await transform(code.replaceAll("https://my-instance.zitadel.cloud", url), { loader: "ts" });
  writeFileSync(file, script);
  return node([file], variables);
}

describe("README.md", () => {
  test("stays short", () => {
    expect(readme.split("\n").length).toBeLessThan(250);
  });

  test("has snippets that compile", async () => {
    const files = blocks("ts").map((code, index) => {
      writeFileSync(join(folder, `snippet-${index}.ts`), code);
      return `snippet-${index}.ts`;
    });
    expect(files.length).toBeGreaterThanOrEqual(6);
    // As much of express as the snippet uses.
    writeFileSync(
      join(folder, "express.d.ts"),
      `declare module "express" {
        interface Request { headers: Record<string, string | string[] | undefined> }
        interface Response { json(body: unknown): void }
        export default function express(): { get(path: string, handle: (request: Request, response: Response) => unknown): void };
      }`,
    );
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
          // @types/node does not pass under exactOptionalPropertyTypes.
          skipLibCheck: true,
          target: "es2022",
          lib: ["es2022", "dom", "dom.iterable"],
          module: "nodenext",
          types: ["node"],
        },
        files: ["express.d.ts", ...files],
      }),
    );
    const outcome = await node([join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
    expect(outcome).toEqual({ status: 0, output: "" });
  });

  test("names every option, and none that does not exist", () => {
    const source = readFileSync(join(root, "src/transport.ts"), "utf8");
    const [, members = ""] = /interface TransportOptions \{(.*?)^\}/ms.exec(source) ?? [];
    const options = [...members.matchAll(/^ {2}readonly (\w+)/gm)].map((match) => match[1]);
    const [, table = ""] = /^\| option \|.*?\n\|[-|]+\n(.*?)\n\n/ms.exec(readme) ?? [];
    expect([...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1])).toEqual(options);
  });

  test("links to files that exist", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !existsSync(join(root, link)))).toEqual([]);
  });

  test("tells commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const commands = [...readme.matchAll(/npm (?:run ([\w:]+)|(start|test))/g)].map(([, run, own]) => run ?? own);
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) expect(Object.keys(scripts)).toContain(command);
  });
});

describe("what README.md shows works", () => {
  test("the ten lines of Node", async () => {
    await using zitadel = await startLocalZitadel();
    const [user] = zitadel.users;
    const outcome = await runSnippet(snippet("console.table"), zitadel.url, { ZITADEL_TOKEN: user.token });
    expect(outcome.status).toBe(0);
    for (const { id } of user.refreshTokens) expect(outcome.output).toContain(id);
  });

  testInChromium("the ten lines of a browser", async () => {
    await using zitadel = await startLocalZitadel({ faults: [{ kind: "expired-once" }] });
    const [user] = zitadel.users;
    // A page's script may not await at its top; the session is the page's own.
    const [imports = "", body = ""] = snippet("document.body").split(/^declare const .*\n/m);
    const script = `${imports}
      export async function run({ url, given }) {
        const session = { accessToken: async () => given[0], renewed: async () => given[1] };
        ${body.replace('"https://my-instance.zitadel.cloud"', "url")}
        return document.body.textContent;
      }`;
    const input = { url: zitadel.url, given: [user.tokens.valid, user.tokens.refreshed] };
    const text = await runInChromium<string>({ script, input });
    for (const { clientId } of user.refreshTokens) expect(text).toContain(`${clientId} until `);
  });

  test("the call over curl", async () => {
    await using zitadel = await startLocalZitadel();
    const [user] = zitadel.users;
    const curl = blocks("sh").find((block) => block.startsWith("curl")) ?? "";
    const [, method = "", path = ""] = /--request (\w+) "\$ZITADEL_URL(\S+)"/.exec(curl) ?? [];
    const headers = [...curl.matchAll(/--header "([^:]+): ([^"]+)"/g)].map(([, name = "", value = ""]) => [
      name,
      value.replace("$ZITADEL_TOKEN", user.token),
    ]);
    const body = /--data '([^']*)'/.exec(curl)?.[1] ?? "";
    const response = await fetch(zitadel.url + path, { method, headers: headers as [string, string][], body });
    const answer = fromJson(ListMyRefreshTokensResponseSchema, await response.json());
    expect(answer.result).toHaveLength(user.refreshTokens.length);
  });

  test("telling errors apart", async () => {
    await using zitadel = await startLocalZitadel();
    const [user] = zitadel.users;
    const code = snippet("COMMAND-BHt2w");
    const other = code.replace("324567890123456789", "1");
    expect(await runSnippet(code, zitadel.url)).toEqual({ status: 0, output: "sign in again\n" });
    const known = other.replace("an-access-token", user.token);
    expect(await runSnippet(known, zitadel.url)).toEqual({ status: 0, output: "it was gone already\n" });
  });

  test("a local ZITADEL in tests", async () => {
    expect(await runSnippet(snippet("zitadel-refresh-tokens/testing"), "")).toEqual({ status: 0, output: "" });
  });

  test("the way through a proxy", async () => {
    await using zitadel = await startLocalZitadel({ tls: certificate("server") });
    const asked: (string | undefined)[] = [];
    const proxy = createServer().on("connect", ({ url }, client) => {
      asked.push(url);
      const { hostname, port } = new URL(`tcp://${url}`);
      const server = connect(Number(port), hostname, () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        server.pipe(client).pipe(server);
      });
      client.on("error", () => server.destroy());
      server.on("error", () => client.destroy());
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    try {
      const { port } = new URL(zitadel.tlsUrl ?? "");
      const outcome = await runSnippet(snippet("createConnection({ hostname"), "", {
        HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        NODE_EXTRA_CA_CERTS: join(root, "test/fixtures/tls/ca.pem"),
        ZITADEL_URL: `https://localhost:${port}`,
        ZITADEL_TOKEN: zitadel.users[0].token,
      });
      expect(outcome).toEqual({ status: 0, output: "6\n" });
      expect(asked).toEqual([`localhost:${port}`]);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
    }
  });
});
