import type { WriteStream } from "node:tty";

// SGR parameters (ECMA-48, 8.3.117).
const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

export type Style = keyof typeof styles;

/** Whether a stream is a terminal that may be coloured: https://no-color.org */
export function isColored(stream: WriteStream): boolean {
  return stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

/** Colours a text. */
export function paint(text: string, style: Style): string {
  return `\u001b[${styles[style]}m${text}\u001b[0m`;
}
