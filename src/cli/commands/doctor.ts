import { defineCommand } from "../command.js";
import { exitCodes, usageError } from "../command-error.js";
import type { Finding } from "../doctor/finding.js";
import { commonOptions, outputOption } from "../input/common-options.js";
import { readSettings } from "../input/settings.js";
import { showProgress } from "../terminal/messages.js";
import { escapeText, isColored, paint, type Style, toSafeJson } from "../terminal/text.js";

export const doctor = defineCommand({
  about:
    "Finds out why it does not work: looks at the URL, DNS, TCP or a proxy, TLS, HTTP, ZITADEL's health, the " +
    "token (without showing it), all three protocols with their latency, CORS, and at what the list means, and says what " +
    "to do about what it finds.",
  options: {
    origin: {
      type: "string",
      value: "ORIGIN",
      help: "also do what a browser does for a page of that origin (CORS)",
    },
    output: outputOption(
      ["text", "json"],
      `text (default)
json: { url, protocol, works, checks: [{ check, status: "ok", "warning", "failed" or "skipped", verdict?, message, \
remedy?, ms? }] }, where verdict is a stable name such as tls-expired`,
    ),
    ...commonOptions,
  },
  notes:
    "It exits with 0 only if a call over --protocol works. It revokes nothing. --timeout is for each step, default 5s.",
  examples: `zitadel-refresh-tokens doctor
zitadel-refresh-tokens doctor --protocol grpc-web --origin https://app.example.com`,

  async run({ values }, signal) {
    const pageOrigin = values.origin === undefined ? undefined : parseOrigin(values.origin);
    const settings = await readSettings(values, signal);
    const { url, protocol } = settings;
    const isJson = values.output === "json";
    const checks: Finding[] = [];
    const [{ examine }, { explainError }] = await Promise.all([
      import("../doctor/examine.js"),
      import("../explain-error.js"),
    ]);
    let stopProgress = showProgress("Checking");
    const report = (finding: Finding) => {
      checks.push(finding);
      if (isJson) return;
      stopProgress();
      printFinding(finding);
      stopProgress = showProgress("Checking");
    };
    const { working, needsToken } = await examine(settings, pageOrigin, signal, report)
      .catch((error) => {
        throw explainError(error, settings);
      })
      .finally(() => stopProgress());
    const works = working.includes(protocol);
    if (isJson) process.stdout.write(`${toSafeJson({ url, protocol, works, checks })}\n`);
    else process.stdout.write(`\n${conclusion(protocol, working)}\n`);
    if (works) return exitCodes.ok;
    return needsToken ? exitCodes.notAllowed : exitCodes.failed;
  },
});

function conclusion(protocol: string, working: readonly string[]): string {
  if (working.includes(protocol)) return `${protocol} works`;
  if (working.length === 0) return `${protocol} does not work`;
  return `${protocol} does not work, but ${working.join(" and ")} ${working.length > 1 ? "do" : "does"}: use --protocol ${working[0]}`;
}

const marks: Record<Finding["status"], readonly [mark: string, style: Style]> = {
  ok: ["ok  ", "green"],
  warning: ["warn", "yellow"],
  failed: ["FAIL", "red"],
  skipped: ["skip", "dim"],
};

// As wide as the longest name, `cors-grpc-web`.
const nameWidth = 13;

/** Prints what a check found, and under it what to do about it. */
function printFinding({ check, status, message, remedy }: Finding): void {
  const [mark, style] = marks[status];
  const shown = isColored(process.stdout) ? paint(mark, style) : mark;
  const lines = [`${shown}  ${check.padEnd(nameWidth)}  ${escapeText(message)}`];
  if (remedy) lines.push(`${" ".repeat(8 + nameWidth)}${escapeText(remedy)}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** What browsers send as `Origin`: scheme, host and port, no path. */
function parseOrigin(value: string): string {
  const origin = URL.canParse(value) ? new URL(value).origin : "null";
  if (origin !== "null" && value.replace(/\/$/, "") === origin) return origin;
  throw usageError(`--origin must be the origin of a page, such as https://app.example.com, got "${value}"`);
}
