import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type InstalledProject, installProject, tool } from "./installed-project.js";

let project: InstalledProject;
beforeAll(() => {
  project = installProject();
});
afterAll(() => project.remove());

const program = `
async function main() {
  const zitadel = await startLocalZitadel();
  const token = zitadel.users[0].token;
  const seen = [];
  for (const protocol of [undefined, grpc, grpcWeb, rest]) {
    const auth = createAuthClient({ baseUrl: zitadel.url, token, protocol });
    const { result } = await auth.listMyRefreshTokens({});
    await auth.revokeMyRefreshToken({ id: result[0].id });
    const again = await auth.revokeMyRefreshToken({ id: result[0].id }).catch((error) => error);
    if (!(again instanceof ConnectError)) throw again;
    seen.push([result.length, getErrorInfo(again).id]);
    await auth.close();
  }
  await zitadel.close();
  console.log(JSON.stringify(seen));
}
main();
`;
const names = "createAuthClient, grpc, grpcWeb, rest, getErrorInfo, ConnectError";

describe("installed from its tarball into an empty project", () => {
  for (const [file, text] of [
    [
      "import.mjs",
      `import { ${names} } from "zitadel-refresh-tokens"; import { startLocalZitadel } from "zitadel-refresh-tokens/testing";`,
    ],
    [
      "require.cjs",
      `const { ${names} } = require("zitadel-refresh-tokens"); const { startLocalZitadel } = require("zitadel-refresh-tokens/testing");`,
    ],
  ] as const) {
    test(`${file} lists, revokes and tells errors apart`, () => {
      project.write(file, text + program);
      const gone = "COMMAND-BHt2w";
      const expected = `${JSON.stringify([6, 5, 4, 3].map((count) => [count, gone]))}\n`;
      expect(project.node(file)).toEqual({ status: 0, stdout: expected, stderr: "" });
    });
  }

  test("an error of the ESM copy is an error of the CommonJS copy", () => {
    project.write(
      "both.mjs",
      `import { createRequire } from "node:module";
      import { ConnectError, createAuthClient } from "zitadel-refresh-tokens";
      const cjs = createRequire(import.meta.url)("zitadel-refresh-tokens");
      const auth = cjs.createAuthClient({ baseUrl: "http://127.0.0.1:1", token: "t", retry: false });
      const error = await auth.listMyRefreshTokens({}).catch((error) => error);
      console.log(error instanceof ConnectError, cjs.getErrorInfo(error).reason);`,
    );
    expect(project.node("both.mjs")).toEqual({ status: 0, stdout: "true connect-refused\n", stderr: "" });
  });
});

const typed = `
import {
  type AuthClient, Code, ConnectError, createAuthClient, createAuthTransport, getErrorInfo, grpc, grpcWeb, rest,
  revokeRefreshTokens, viewRefreshTokens,
} from "zitadel-refresh-tokens";

export async function main(): Promise<string[]> {
  const auth = createAuthClient({
    baseUrl: "https://example.com",
    token: async ({ refresh, signal }) => (refresh ? "new" : signal.aborted ? "none" : "old"),
    protocol: [grpc, grpcWeb, rest][0],
    timeoutMs: false,
    interceptors: [(next) => next] as const,
  });
  const response = await auth.listMyRefreshTokens({}, { timeoutMs: 500 });
  const total: bigint | undefined = response.details?.totalResult;
  const { tokens } = viewRefreshTokens(response, { now: new Date() });
  const until: Date | undefined = tokens[0]?.usableUntil;
  const { revoked } = await revokeRefreshTokens(auth, tokens.map((token) => token.id));
  const error = ConnectError.from(new Error(String([total, until, revoked])));
  if (error.code === Code.NotFound) return [getErrorInfo(error).id ?? ""];
  // @ts-expect-error a number is no URL
  createAuthTransport({ baseUrl: 1 });
  // @ts-expect-error an id is a string
  await auth.revokeMyRefreshToken({ id: 1 });
  await auth.close();
  return [];
}
`;

// Types that may not differ: code for Node type-checks against the types of the web entry in a bundler's project.
const sameTypes = `
import * as node from "zitadel-refresh-tokens/node";
import * as web from "zitadel-refresh-tokens/web";
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const names: Same<keyof typeof node, keyof typeof web> = true;
export const values: { [K in keyof typeof node & keyof typeof web]: Same<(typeof node)[K], (typeof web)[K]> } = null!;
type Differing = { [K in keyof typeof values]: (typeof values)[K] extends true ? never : K }[keyof typeof values];
export const differing: Differing[] = [] satisfies never[];
export const none: [Differing] extends [never] ? true : Differing = true;
`;

// The keys of options that may be left away, but not be undefined, as `exactOptionalPropertyTypes` tells apart.
const undefinedIsDefault = `
import type {
  Http2Options, RetryOptions, RevokeOptions, TlsOptions, TransportOptions, ViewOptions,
} from "zitadel-refresh-tokens";
import type {
  Fault, LocalRefreshTokenOptions, LocalUserOptions, LocalZitadelOptions,
} from "zitadel-refresh-tokens/testing";
type Refusing<T> = T extends unknown
  ? { [K in keyof T]-?: {} extends Pick<T, K> ? (undefined extends Required<T>[K] ? never : K) : never }[keyof T]
  : never;
type All =
  | Http2Options | RetryOptions | RevokeOptions | TlsOptions | TransportOptions | ViewOptions
  | Fault | LocalRefreshTokenOptions | LocalUserOptions | LocalZitadelOptions | NonNullable<LocalZitadelOptions["tls"]>;
export const none: [Refusing<All>] extends [never] ? true : Refusing<All> = true;
`;

describe("type-checked in a user's project, its dependencies included", () => {
  const strict = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    // No @types/node.
    types: [],
    target: "es2022",
    lib: ["es2022", "dom", "dom.iterable"],
  };
  const settings = {
    "nodenext, ESM": { file: "main.mts", module: "nodenext" },
    "nodenext, CommonJS": { file: "main.cts", module: "nodenext" },
    bundler: { file: "main.ts", module: "esnext", moduleResolution: "bundler" },
    "bundler, for browsers": {
      file: "main.ts",
      module: "esnext",
      moduleResolution: "bundler",
      customConditions: ["browser"],
    },
  };

  const check = (name: keyof typeof settings, text: string, more: object = {}) => {
    const { file, ...options } = settings[name];
    project.write(file, text);
    const compilerOptions = { ...strict, ...options, ...more };
    project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
    const { status, stdout } = project.node(tool("typescript/bin/tsc"), "-p", ".");
    return { status, stdout };
  };

  for (const name of Object.keys(settings) as (keyof typeof settings)[]) {
    test(`under ${name}, without Node's types`, () => {
      expect(check(name, typed)).toEqual({ status: 0, stdout: "" });
    });
  }

  test("a mistake is one, so that the check could fail", () => {
    expect(check("bundler", `${typed}\nexport const wrong: number = createAuthClient({ baseUrl: "" });`)).toEqual({
      status: expect.any(Number),
      stdout: expect.stringContaining("TS2322"),
    });
  });

  test("the types are the same in every entry", () => {
    expect(check("bundler", sameTypes)).toEqual({ status: 0, stdout: "" });
  });

  test("undefined means the default in every option", () => {
    expect(check("bundler", undefinedIsDefault)).toEqual({ status: 0, stdout: "" });
    expect(
      check("bundler", `${undefinedIsDefault} const one: Refusing<{ a?: 1 } | { b?: 2 | undefined }> = 1;`),
    ).toEqual({
      status: expect.any(Number),
      stdout: expect.stringContaining(`Type '1' is not assignable to type '"a"'`),
    });
  });

  test("without the DOM's types it is only Connect's that miss HeadersInit", () => {
    const noDom = { types: ["node"], typeRoots: [tool("@types")], lib: ["es2022"] };
    const problems = check("bundler", typed, noDom).stdout.split("\n");
    expect(problems).toContainEqual(expect.stringMatching(/@connectrpc.connect.*Cannot find name 'HeadersInit'/));
    expect(problems.filter((line) => /^main|zitadel-refresh-tokens.dist/.test(line))).toEqual([]);
    expect(check("bundler", typed, { ...noDom, skipLibCheck: true })).toEqual({ status: 0, stdout: "" });
  });

  test("the entries mention no type of Node", () => {
    for (const entry of ["node.d.ts", "web.d.ts"]) {
      for (const format of ["esm", "cjs"]) {
        const text = readFileSync(join(project.installed, "dist", format, "src", entry), "utf8");
        expect(text).not.toMatch(/node:|NodeJS|Buffer|types="node"/);
        expect(text).toContain('lib="esnext.disposable"');
      }
    }
  });
});
