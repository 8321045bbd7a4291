// Writes api-report.md, or the file that it is given: what the package exports, entry by entry, so that a change of it shows
// in a review. Reads dist/: build first.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

// web.d.ts exports the same as node.d.ts, which a test holds.
const entries = {
  "zitadel-refresh-tokens": "node",
  "zitadel-refresh-tokens/element": "element",
  "zitadel-refresh-tokens/testing": "testing",
};

function describeEntry(entry) {
  const folder = mkdtempSync(join(tmpdir(), "api-"));
  const declarations = resolve(`dist/esm/src/${entry}.d.ts`);
  const compilerOptions = {
    module: "nodenext",
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    types: ["node"],
    lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    skipLibCheck: true,
  };
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: resolve("package.json"),
    configObject: {
      projectFolder: resolve(),
      mainEntryPointFilePath: declarations,
      compiler: { overrideTsconfig: { compilerOptions, files: [declarations] } },
      apiReport: { enabled: true, reportFileName: entry, reportFolder: folder, reportTempFolder: join(folder, "temp") },
      messages: { extractorMessageReporting: { default: { logLevel: "none" } } },
      newlineKind: "lf",
    },
  });
  try {
    const { succeeded } = Extractor.invoke(config, {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = message.logLevel !== "error";
      },
    });
    if (!succeeded) throw new Error(`${declarations} cannot be described`);
    const report = readFileSync(join(folder, `${entry}.api.md`), "utf8");
    return /^```ts\n\n(.*)^\/\/ \(No @packageDocumentation/ms.exec(report)[1].trimEnd();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const sections = Object.entries(entries).map(
  ([name, entry]) => `## ${name}\n\n\`\`\`ts\n${describeEntry(entry)}\n\`\`\`\n`,
);
const report = ["# What the package exports\n\nWritten by `npm run api`; not to be edited.\n", ...sections].join("\n");

writeFileSync(process.argv[2] ?? "api-report.md", report);
