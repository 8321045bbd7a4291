import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

// From build/test/packaging, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

test("api-report.md tells what is exported: run `npm run api` and review the change", () => {
  const folder = mkdtempSync(join(tmpdir(), "api-report-"));
  try {
    const file = join(folder, "report.md");
    const { status, stderr } = spawnSync(process.execPath, ["tools/api-report.mjs", file], {
      cwd: root,
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(readFileSync(join(root, "api-report.md"), "utf8")).toBe(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
