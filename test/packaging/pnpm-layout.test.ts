import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type InstalledProject, installProject, tool } from "./installed-project.js";

// As pnpm lays it out: what a dependency depends on lies beside it, out of the project's reach.
let project: InstalledProject;
beforeAll(() => {
  project = installProject();
  const modules = join(project.folder, "node_modules");
  const store = join(modules, ".pnpm/zitadel-refresh-tokens/node_modules");
  mkdirSync(store, { recursive: true });
  for (const name of ["@bufbuild", "@connectrpc", "zitadel-refresh-tokens"]) {
    renameSync(join(modules, name), join(store, name));
  }
  for (const name of ["@bufbuild/protobuf", "@connectrpc/connect"]) {
    // Where we have them, in our own node_modules, TypeScript would find a shorter way to them.
    rmSync(join(store, name));
    cpSync(tool(name), join(store, name), { recursive: true });
  }
  symlinkSync(join(store, "zitadel-refresh-tokens"), project.installed, "junction");
});
afterAll(() => project.remove());

test("what an application exports of ours can be named in its declarations (TS2742)", () => {
  project.write(
    "main.ts",
    `import * as ours from "zitadel-refresh-tokens";
    export const { AuthService, RefreshTokenSchema, rest, Code, ConnectError } = ours;
    export const auth = ours.createAuthClient({ baseUrl: "https://example.com" });
    export const user = auth.withToken("token");
    export const list = auth.listMyRefreshTokens;
    export const listed = () => auth.listMyRefreshTokens({});
    export const view = async () => ours.viewRefreshTokens(await listed());
    export const transport = ours.createAuthTransport({ baseUrl: "https://example.com" });
    export class Session { readonly auth = auth; readonly service = ours.AuthService; }`,
  );
  const compilerOptions = { strict: true, declaration: true, module: "nodenext", types: [], lib: ["es2022", "dom"] };
  project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  project.write("package.json", JSON.stringify({ type: "module" }));
  const { status, stdout } = project.node(tool("typescript/bin/tsc"), "-p", ".");
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});
