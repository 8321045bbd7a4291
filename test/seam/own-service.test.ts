import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { buf } from "../helpers/buf.js";
import { type InstalledProject, installProject, tool } from "../packaging/installed-project.js";
import { root, snippet } from "./docs.js";

let project: InstalledProject;

beforeAll(() => {
  project = installProject();
  mkdirSync(join(project.folder, "proto/acme/notes/v1"), { recursive: true });
  project.write("proto/acme/notes/v1/notes.proto", snippet("service NoteService {"));
  project.write("buf.yaml", snippet("modules:"));
  project.write("buf.gen.yaml", snippet("plugins:"));
  project.write("package.json", JSON.stringify({ private: true, type: "module" }));
});

afterAll(() => project.remove());

const server = snippet("startLocalZitadel").replace("console.log(zitadel.url, zitadel.users[0].token);", "");
// The page's call over each protocol, against the page's server.
const calls = ["rest", "grpc", "grpcWeb"].map((protocol) =>
  snippet("auth.client(NoteService").replaceAll("rest", protocol),
);

describe("a service of a user's own, as docs/adding-an-rpc.md has it", () => {
  test("is generated, compiles, and answers over every protocol", () => {
    const { status, output } = buf(project.folder, "generate");
    expect({ status, output }).toEqual({ status: 0, output: "" });
    expect(readFileSync(join(project.folder, "gen/acme/notes/v1/notes_pb.ts"), "utf8")).toContain("NoteService");
    project.write(
      "server.ts",
      `${server}\nexport const { url, users: [{ token }] } = zitadel;\nexport const close = () => zitadel.close();\n`,
    );
    calls.forEach((call, index) => {
      const here = call
        .replace('"https://notes.example.com"', "url")
        .replace('process.env.ZITADEL_TOKEN ?? ""', "token");
      project.write(`call-${index}.ts`, `import { token, url } from "./server.js";\n${here}export {};\n`);
    });
    project.write(
      "main.ts",
      `${calls.map((_, index) => `import "./call-${index}.js";`).join("\n")}\nimport { close } from "./server.js";\nawait close();\n`,
    );
    const compilerOptions = {
      ...{ strict: true, skipLibCheck: true, target: "es2022", module: "nodenext", outDir: "out", rootDir: "." },
      ...{ types: ["node"], typeRoots: [join(root, "node_modules/@types")] },
    };
    project.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["main.ts"] }));
    expect(project.node(tool("typescript/bin/tsc"), "-p", ".")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(project.node("out/main.js")).toEqual({ status: 0, stdout: "note 1\nnote 1\nnote 1\n", stderr: "" });
  });
});
