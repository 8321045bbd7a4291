import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { root, snippet } from "./docs.js";

/** A copy of what the package is built from. */
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "seam-"));
  const sources = ["package.json", "buf.yaml", "buf.gen.yaml", "proto", "gen", "src", "tools"];
  const settings = ["tsconfig.json", "tsconfig.build.json", "tsconfig.cjs.json", "test/proto"];
  // Not as a link where it is one: what is edited here is a copy.
  for (const name of [...sources, ...settings])
    cpSync(join(root, name), join(copy, name), { recursive: true, dereference: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function run(command: string, ...args: string[]) {
  // Without what Jest sets for itself.
  const { NODE_OPTIONS: _options, FORCE_COLOR: _color, ...env } = process.env;
  const outcome = spawnSync(command, args, { cwd: copy, env: { ...env, NO_COLOR: "1" }, encoding: "utf8" });
  return { status: outcome.status, output: outcome.stdout + outcome.stderr };
}

const buf = (...args: string[]) => run(process.execPath, "node_modules/@bufbuild/buf/bin/buf", ...args);
const generate = () => expect(run("npm", "run", "--silent", "generate")).toEqual({ status: 0, output: "" });

function generated(): Record<string, string> {
  const files = readdirSync(join(copy, "gen"), { recursive: true, withFileTypes: true });
  const paths = files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, "utf8")]));
}

function edit(file: string, change: (text: string) => string) {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error(`${file} stayed as it was`);
  writeFileSync(path, changed);
}

const program = `
import { createAuthClient, AuthService, grpc, grpcWeb, rest } from "zitadel-refresh-tokens";
import { localUserKey, startLocalZitadel } from "zitadel-refresh-tokens/testing";

const zitadel = await startLocalZitadel({
  routes: (router) =>
    router.service(AuthService, {
      listMyUserSessions: (_, { values }) => ({ result: [{ sessionId: "1", agentId: values.get(localUserKey).id }] }),
    }),
});
const [user] = zitadel.users;
for (const protocol of [grpc, grpcWeb, rest]) {
  const auth = createAuthClient({ baseUrl: zitadel.url, token: user.token, protocol });
  const { result } = await auth.listMyUserSessions({});
  const { length } = (await auth.listMyRefreshTokens({})).result;
  console.log(protocol.name, result.length, result[0].sessionId, result[0].agentId === user.id, length);
  await auth.close();
}
for (const { method, path } of zitadel.requests) if (/sessions/i.test(path)) console.log(method, path);
await zitadel.close();
`;

describe("adding an RPC as docs/adding-an-rpc.md says", () => {
  beforeAll(() => {
    edit("proto/zitadel/auth.proto", (text) =>
      text
        .replace(/^}\n/m, `\n${snippet("rpc ListMyUserSessions(")}}\n`)
        .concat("\n", snippet("message ListMyUserSessionsRequest")),
    );
    edit("proto/zitadel/user.proto", (text) => text.concat("\n", snippet("message Session {")));
    generate();
  });

  test("is: add it to proto, and generate", () => {
    const once = generated();
    expect(Object.values(once).join("")).toContain("listMyUserSessions");
    generate();
    expect(generated()).toEqual(once);
  });

  test("passes lint, format and the check against what was published", () => {
    expect(buf("lint")).toEqual({ status: 0, output: "" });
    expect(buf("format", "--diff", "--exit-code")).toEqual({ status: 0, output: "" });
    expect(buf("breaking", "proto", "--against", "proto/baseline.binpb")).toEqual({ status: 0, output: "" });
  });

  test("gives a method that works over all three protocols", () => {
    // Half of the build: import, without require and the command.
    const built = run(process.execPath, "node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
    expect(built).toEqual({ status: 0, output: "" });
    writeFileSync(join(copy, "program.mjs"), program);
    const { status, output } = run(process.execPath, "program.mjs");
    expect(output.split("\n")).toEqual([
      "grpc 1 1 true 6",
      "grpc-web 1 1 true 6",
      "rest 1 1 true 6",
      "POST /zitadel.auth.v1.AuthService/ListMyUserSessions",
      "POST /zitadel.auth.v1.AuthService/ListMyUserSessions",
      "POST /auth/v1/users/me/sessions/_search",
      "",
    ]);
    expect(status).toBe(0);
  });

  test("cannot renumber a field", () => {
    edit("proto/zitadel/auth.proto", (text) => text.replace("string id = 1;", "string id = 2;"));
    const outcome = buf("breaking", "proto", "--against", "proto/baseline.binpb");
    edit("proto/zitadel/auth.proto", (text) => text.replace("string id = 2;", "string id = 1;"));
    const said = 'Previously present field "1" with name "id" on message "RevokeMyRefreshTokenRequest"';
    expect(outcome).toEqual({ status: 100, output: expect.stringContaining(said) });
  });
});
