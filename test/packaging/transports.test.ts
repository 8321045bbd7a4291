import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type InstalledProject, installProject, tool } from "./installed-project.js";

// An application that has the optional peers as well.
let project: InstalledProject;
beforeAll(() => {
  project = installProject();
  const modules = join(project.folder, "node_modules");
  mkdirSync(join(modules, "@types"));
  for (const name of ["@connectrpc/connect-node", "@connectrpc/connect-web", "@types/node"]) {
    symlinkSync(tool(name), join(modules, name), "junction");
  }
});
afterAll(() => project.remove());

const imports: Record<string, string> = {
  "zitadel-refresh-tokens": "AuthService, createAuthClient, viewRefreshTokens",
  "zitadel-refresh-tokens/testing": "startLocalZitadel",
  "@connectrpc/connect": "createRouterTransport",
  "@connectrpc/connect-node": "createGrpcTransport, createGrpcWebTransport",
  "@connectrpc/connect-web": "createGrpcWebTransport as createWebTransport",
};
const program = `
async function main() {
  const zitadel = await startLocalZitadel();
  const baseUrl = zitadel.url;
  const transports = {
    grpc: createGrpcTransport({ baseUrl }),
    "grpc-web": createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    "grpc-web over fetch": createWebTransport({ baseUrl }),
    router: createRouterTransport(({ service }) => {
      service(AuthService, { listMyRefreshTokens: () => ({ result: [{ id: "1" }] }) });
    }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    const auth = createAuthClient({ transport, token: async () => zitadel.users[0].token, timeoutMs: 5_000 });
    const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}));
    console.log(name, tokens.length);
    await auth.close();
  }
  await zitadel.close();
}
main();
`;
const esm = Object.entries(imports)
  .map(([from, names]) => `import { ${names} } from "${from}";`)
  .join("\n");
const cjs = Object.entries(imports)
  .map(([from, names]) => `const { ${names.replace(" as ", ": ")} } = require("${from}");`)
  .join("\n");

describe("each of Connect's transports under the installed client", () => {
  for (const [file, head] of [
    ["main.mjs", esm],
    ["main.cjs", cjs],
  ] as const) {
    test(`lists in ${file}`, () => {
      project.write(file, head + program);
      const { status, stdout, stderr } = project.node(file);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout).toBe("grpc 6\ngrpc-web 6\ngrpc-web over fetch 6\nrouter 1\n");
    });
  }

  for (const [name, file, options] of [
    ["nodenext, ESM", "main.mts", { module: "nodenext" }],
    ["nodenext, CommonJS", "main.cts", { module: "nodenext" }],
    ["bundler", "main.ts", { module: "esnext", moduleResolution: "bundler" }],
  ] as const) {
    test(`type-checks under ${name}, with exactOptionalPropertyTypes`, () => {
      const compilerOptions = {
        ...options,
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: true,
        types: ["node"],
        target: "es2022",
        lib: ["es2023", "dom", "esnext.disposable"],
      };
      const tsc = (text: string) => {
        project.write(file, text);
        project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: [file] }));
        const { status, stdout } = project.node(tool("typescript/bin/tsc"), "-p", ".");
        return { status, stdout };
      };
      expect(tsc(esm + program)).toEqual({ status: 0, stdout: "" });
      // So that the check could fail: two ways to say where to send.
      const wrong = program.replace("{ transport, token", '{ transport, baseUrl: "https://example.com", token');
      expect(tsc(esm + wrong).stdout).toContain("baseUrl");
    });
  }
});
