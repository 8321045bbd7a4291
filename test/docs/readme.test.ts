import { fromJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ListMyRefreshTokensResponseSchema } from "../../gen/zitadel/auth_pb.js";
import { startLocalZitadel } from "../../src/testing.js";
import { runInChromium, testInChromium } from "../helpers/chromium.js";
import { block, readPage, SnippetFolder } from "./snippets.js";

const readme = readPage("README.md");

const snippet = (words: string) => block("README.md", words);

let folder: SnippetFolder;
beforeAll(() => {
  folder = new SnippetFolder();
});
afterAll(() => folder.remove());

describe("README.md", () => {
  test("stays short", () => {
    expect(readme.split("\n").length).toBeLessThanOrEqual(180);
  });

  test("names every option, and none that does not exist", () => {
    const source = readPage("src/options.ts");
    const bodies = [...source.matchAll(/interface \w*Options(?: extends \w+)? \{(.*?)^\}/gms)].map(
      ([, body = ""]) => body,
    );
    const options = bodies.flatMap((body) =>
      [...body.matchAll(/^ {2}readonly (\w+)\??: (?!never)/gm)].map((match) => match[1]),
    );
    const [, table = ""] = /^\| option \|.*?\n\|[-|]+\n(.*?)\n\n/ms.exec(readme) ?? [];
    const named = [...table.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.toSorted()).toEqual([...new Set(options)].toSorted());
  });
});

describe("what README.md shows works", () => {
  test("the ten lines of Node", async () => {
    await using zitadel = await startLocalZitadel();
    const [user] = zitadel.users;
    const outcome = await folder.run(snippet("console.table"), zitadel.url, { ZITADEL_TOKEN: user.token });
    expect(outcome.status).toBe(0);
    expect(outcome.output).toContain(user.displayName);
    for (const { id } of [...user.sessions, ...user.refreshTokens]) expect(outcome.output).toContain(id);
  });

  test("what it says without a token", async () => {
    await using zitadel = await startLocalZitadel();
    const { status, output } = await folder.run(snippet("console.table"), zitadel.url, { ZITADEL_TOKEN: "" });
    expect(status).toBe(1);
    expect(output).toContain("[unauthenticated] ");
  });

  testInChromium("the element", async () => {
    await using zitadel = await startLocalZitadel();
    const [user] = zitadel.users;
    const [imports = "", body = ""] = snippet("SignInsElement").split(/\n\n(.*)/s);
    const script = `${imports}
      export async function run({ url, token }) {
        sessionStorage.setItem("token", token);
        while (!document.body) await new Promise((resolve) => setTimeout(resolve));
        ${body.replace('"https://my-instance.zitadel.cloud"', "url")}
        const element = document.querySelector("zitadel-sign-ins");
        await element.refresh();
        return element.shadowRoot.textContent;
      }`;
    const text = await runInChromium<string>({ script, input: { url: zitadel.url, token: user.token } });
    for (const { clientId } of user.refreshTokens) expect(text).toContain(clientId.slice(-4));
  });

  testInChromium("the ten lines of a browser", async () => {
    await using zitadel = await startLocalZitadel({ faults: [{ kind: "expired-once" }] });
    const [user] = zitadel.users;
    // A page's script may not await at its top; the session is the page's own.
    const [imports = "", body = ""] = snippet("usableUntil").split(/^declare const .*\n/m);
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
    const curl = snippet("curl --request");
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
    const outputOf = async (accessToken: string) => {
      const code = snippet("COMMAND-BHt2w")
        .replace("324567890123456789", "1")
        .replace(/^declare const session.*$/m, `const session = { ${accessToken} };`);
      const { status, output } = await folder.run(code, zitadel.url);
      expect(status).toBe(0);
      return output.split("\n")[0];
    };
    const offline = 'accessToken: async () => { throw new TypeError("Failed to fetch"); }';
    expect(await outputOf(offline)).toBe("no access token; offline? TypeError: Failed to fetch");
    expect(await outputOf('accessToken: async () => "an-access-token"')).toBe("sign in again");
    expect(await outputOf(`accessToken: async () => "${user.token}"`)).toBe("it is gone, or never was this user's");
  });
});
