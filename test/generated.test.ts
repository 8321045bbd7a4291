import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { buf as runBuf } from "./helpers/buf.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../..", import.meta.url));

/** A copy of what buf reads and runs, to generate and break things in. */
let copy: string;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "buf-"));
  for (const name of ["proto", "tools", "test/proto", "buf.yaml", "buf.gen.yaml"])
    cpSync(join(root, name), join(copy, name), { recursive: true, dereference: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
});

afterEach(() => rmSync(copy, { recursive: true, force: true }));

function buf(...args: string[]) {
  const { status, output } = runBuf(copy, ...args);
  return { status, output };
}

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );

const lint = () => buf("lint");
const format = () => buf("format", "--diff", "--exit-code");
const breaking = () => buf("breaking", "proto", "--against", "proto/baseline.binpb");

function edit(file: string, from: string, to: string) {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(from)) throw new Error(`${file} holds no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

describe("generated code", () => {
  test("is what buf generates: run npm run generate", () => {
    expect(buf("generate")).toEqual({ status: 0, output: "" });
    expect(contents(join(copy, "gen"))).toEqual(contents(join(root, "gen")));
  });

  test("follows a change of proto", () => {
    edit("proto/zitadel/message.proto", "string id = 1", "string identifier = 1");
    expect(buf("generate").status).toBe(0);
    expect(contents(join(copy, "gen"))).not.toEqual(contents(join(root, "gen")));
  });
});

describe("the protocol files", () => {
  for (const [name, check] of Object.entries({ lint, format, breaking })) {
    test(`pass buf ${name}`, () => {
      expect(check()).toEqual({ status: 0, output: "" });
    });
  }

  for (const [name, file, from, to, said] of [
    ["another number", "user.proto", "string client_id = 3", "string client_id = 13", 'Previously present field "3"'],
    ["another type", "object.proto", "uint64 sequence", "int64 sequence", 'changed type from "uint64" to "int64"'],
    ["another name", "user.proto", "string client_id", "string app_id", 'changed name from "client_id" to "app_id"'],
    ["another cardinality", "user.proto", "repeated string scopes", "string scopes", "changed cardinality"],
    ["a lost method", "auth.proto", "rpc RevokeMyRefreshToken(", "rpc DropMyRefreshToken(", "RevokeMyRefreshToken"],
  ] as const) {
    test(`${name} is breaking`, () => {
      edit(`proto/zitadel/${file}`, from, to);
      const { status, output } = breaking();
      expect(output).toContain(said);
      expect(status).toBe(100);
    });
  }

  test("a field without a comment fails lint", () => {
    edit("proto/zitadel/message.proto", "// Stable id, such as `AUTH-7fs1e`. The one part of an error to act on.", "");
    expect(lint()).toEqual({ status: 100, output: expect.stringContaining("should have a non-empty comment") });
  });
});
