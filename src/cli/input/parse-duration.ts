import { usageError } from "../command-error.js";

/** Reads a duration such as `500ms`, `10s` or `2m`; a bare number is in seconds. In milliseconds. */
export function parseDuration(option: string, value: string, minMs: number): number {
  const [, digits, unit = "s"] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m)?$/.exec(value) ?? [];
  const ms = Number(digits) * { ms: 1, s: 1_000, m: 60_000 }[unit as "ms" | "s" | "m"];
  if (ms >= minMs && ms <= 3_600_000) return ms;
  throw usageError(
    `${option} must be ${minMs}ms to 60m, such as 500ms, 10s or 2m (a bare number is in seconds), got "${value}"`,
  );
}
