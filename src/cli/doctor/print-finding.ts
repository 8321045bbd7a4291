import { isColored, paint, type Style } from "../terminal/color.js";
import { escapeText } from "../terminal/escape.js";
import type { Finding } from "./finding.js";

const marks: Record<Finding["status"], readonly [mark: string, style: Style]> = {
  ok: ["ok  ", "green"],
  warning: ["warn", "yellow"],
  failed: ["FAIL", "red"],
  skipped: ["skip", "dim"],
};

// As wide as the longest name, `cors-grpc-web`.
const nameWidth = 13;

/** Prints what a check found, and under it what to do about it. */
export function printFinding({ check, status, message, remedy }: Finding): void {
  const [mark, style] = marks[status];
  const shown = isColored(process.stdout) ? paint(mark, style) : mark;
  const lines = [`${shown}  ${check.padEnd(nameWidth)}  ${escapeText(message)}`];
  if (remedy) lines.push(`${" ".repeat(8 + nameWidth)}${escapeText(remedy)}`);
  process.stdout.write(`${lines.join("\n")}\n`);
}
