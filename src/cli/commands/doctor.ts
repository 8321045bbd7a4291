import { exitCodes, usageError } from "../command-error.js";
import { examine } from "../doctor/examine.js";
import type { Finding } from "../doctor/finding.js";
import { printFinding } from "../doctor/print-finding.js";
import { explainError } from "../explain-error.js";
import { commonOptions, noArguments, oneOf, parseOptions } from "../input/parse-options.js";
import { readSettings } from "../input/settings.js";
import { toSafeJson } from "../terminal/escape.js";
import { showProgress } from "../terminal/progress.js";

/** Finds out why it does not work, and says what to do about it. */
export async function doctor(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseOptions(args, {
    ...commonOptions,
    origin: { type: "string" },
    output: { type: "string", short: "o" },
  });
  noArguments(positionals);
  const format = oneOf("--output", values.output ?? "text", ["text", "json"]);
  const pageOrigin = values.origin === undefined ? undefined : parseOrigin(values.origin);
  const settings = await readSettings(values, signal);
  const { url, protocol } = settings;
  const checks: Finding[] = [];
  let stopProgress = showProgress("Checking");
  const report = (finding: Finding) => {
    checks.push(finding);
    if (format === "json") return;
    stopProgress();
    printFinding(finding);
    stopProgress = showProgress("Checking");
  };
  const { works, needsToken } = await examine(settings, pageOrigin, signal, report)
    .catch((error) => {
      throw explainError(error);
    })
    .finally(() => stopProgress());
  if (format === "json") process.stdout.write(`${toSafeJson({ url, protocol, works, checks })}\n`);
  else process.stdout.write(`\n${protocol} ${works ? "works" : "does not work"}\n`);
  if (works) return exitCodes.ok;
  return needsToken ? exitCodes.notAllowed : exitCodes.failed;
}

/** What browsers send as `Origin`: scheme, host and port, no path. */
function parseOrigin(value: string): string {
  const origin = URL.canParse(value) ? new URL(value).origin : "null";
  if (origin !== "null" && value.replace(/\/$/, "") === origin) return origin;
  throw usageError(`--origin must be the origin of a page, such as https://app.example.com, got "${value}"`);
}
