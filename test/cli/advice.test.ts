import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { adviceOn, allAdvice, remedyOf } from "../../src/cli/advice.js";
import { Code, type ErrorInfo, type FailureReason } from "../../src/node.js";
import { hintFor } from "../../src/zitadel.js";

// From build/test/cli, where this file runs.
const src = fileURLToPath(new URL("../../../src", import.meta.url));
const keys = allAdvice.flatMap((row) => row.keys);
const codes = Object.keys(Code).filter((name) => /^[A-Z]/.test(name));

/** What `getErrorInfo` says of an error that a key is for, and its message. */
function errorOf(key: string) {
  const isId = /^[A-Z]+-/.test(key);
  const status = /^http-(\d+)$/.exec(key)?.[1];
  const message = isId ? `no (${key})` : status ? `HTTP ${status} without a status of the API` : "no";
  const code = codes.includes(key) ? Code[key as keyof typeof Code] : Code.NotFound;
  const hint = hintFor(code, message, "grpcWeb");
  const info: ErrorInfo = {
    attempts: 1,
    code,
    httpStatus: status ? Number(status) : 200,
    fromServer: isId,
    ...(hint && { hint }),
    ...(isId ? { id: key } : !status && !codes.includes(key) && { reason: key as FailureReason }),
  };
  return { info, message };
}

describe("the table of advice", () => {
  test("has no key twice", () => {
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  for (const key of keys) {
    test(`tells of ${key} what to do`, () => {
      const { info, message } = errorOf(key);
      const row = adviceOn(info, message);
      expect(row.keys).toContain(key);
      const call = { url: "https://zitadel.example", protocol: "grpc", headers: [] } as const;
      expect(remedyOf(row, info, call)).toMatch(/^[a-zZ].{9,}[^.]$/);
    });
  }

  test("has a row for each reason and each of ZITADEL's ids that the source knows", () => {
    const [, union = ""] =
      /export type FailureReason =([^;]*);/.exec(readFileSync(join(src, "failure.ts"), "utf8")) ?? [];
    const reasons = [...union.matchAll(/["`]([a-z0-9-]+?)-?(?:\$\{string\})?["`]/g)].map(([, name = ""]) => name);
    expect(reasons.length).toBeGreaterThan(20);
    const files = ["zitadel.ts", "revoke.ts", ...localFiles()];
    const text = files.map((path) => readFileSync(join(src, path), "utf8")).join("");
    const ids = [...text.matchAll(/\b[A-Z]{3,8}-[A-Za-z0-9]{5}\b/g)].map(([id]) => id);
    expect(ids.length).toBeGreaterThan(8);
    expect([...reasons, ...ids].filter((key) => !keys.includes(key))).toEqual([]);
  });

  test("tells what is more telling first", () => {
    const { info } = errorOf("LIMITS-molsj");
    expect(adviceOn({ ...info, reason: "parse" }, "no").keys).toContain("LIMITS-molsj");
    const gateway = {
      attempts: 1,
      code: Code.Unavailable,
      httpStatus: 502,
      reason: "unexpected-content-type",
    } as const;
    expect(adviceOn({ ...gateway, fromServer: false }, "no").keys).toContain("http-502");
    expect(adviceOn({ ...gateway, fromServer: true }, "no").keys).toContain("unexpected-content-type");
    expect(adviceOn({ attempts: 1, reason: "rst-cancel", code: Code.Canceled }, "no").keys).toContain("rst");
    expect(adviceOn({ attempts: 0 }, "what is no error of a call").keys).toEqual([]);
    // A text of the old login's time has no id.
    expect(adviceOn({ attempts: 1, code: Code.NotFound }, "unable to set instance: Instance not found.").keys).toEqual([
      "QUERY-1kIjX",
    ]);
  });
});

function localFiles(): string[] {
  return readdirSync(join(src, "local"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join("local", path));
}
