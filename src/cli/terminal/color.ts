import type { WriteStream } from "node:tty";

// SGR parameters (ECMA-48, 8.3.117).
const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof styles;

/**
 * Whether a stream is to be coloured: a terminal is, unless it or its user cannot have it (https://no-color.org), and
 * whatever else its user says is (https://force-color.org, https://bixense.com/clicolors).
 */
export function isColored(stream: WriteStream): boolean {
  const { FORCE_COLOR: force, CLICOLOR_FORCE: cliForce, NO_COLOR: no, CLICOLOR: cli, TERM: term } = process.env;
  if (force) return force !== "0" && force !== "false";
  if (no) return false;
  if (cliForce && cliForce !== "0") return true;
  return stream.isTTY && cli !== "0" && term !== "dumb";
}

/** Colours a text. */
export function paint(text: string, style: Style): string {
  return `\u001b[${styles[style]}m${text}\u001b[0m`;
}
