import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** Whether a stream is to be coloured: a terminal that can, unless NO_COLOR is set. FORCE_COLOR says it for any stream. */
export function isColored(stream: WriteStream): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = process.env;
  return force ? force !== "0" && force !== "false" : stream.isTTY && !no && term !== "dumb";
}

/** Colours a text. */
export function paint(text: string, style: Style): string {
  // Older Node does not look at the stream, so that it is looked at before.
  return styleText(style, text, { validateStream: false });
}

// Control characters, format characters (bidirectional ones and zero-width ones are among them), line separators, and
// halves of characters: what a terminal obeys, or shows as something else than it is.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Makes visible what would steer a terminal or a log: text of a server or of a file may hold anything. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** JSON that is as safe to show: `JSON.stringify` leaves half of those characters as they are. */
export function toSafeJson(value: unknown): string {
  const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, 2).replace(unsafe, (character) =>
    character === "\n" ? character : character.replace(/[\s\S]/g, escapeUnit),
  );
}

// Marks take no cell of a terminal; East Asian wide characters and emoji take two (Unicode Standard Annex 11).
const mark = /\p{M}/u;
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many cells of a terminal a text takes. */
export function textWidth(text: string): number {
  return Array.from(text, widthOf).reduce((sum, width) => sum + width, 0);
}

/** Cuts a text to so many cells, and says so with an ellipsis. */
export function cutText(text: string, maxWidth: number): string {
  if (textWidth(text) <= maxWidth) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += widthOf(character);
    if (width > maxWidth) break;
    kept += character;
  }
  return `${kept}…`;
}

function widthOf(character: string): number {
  if (mark.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Breaks lines between words, where they are longer than so many columns. */
export function wrap(text: string, columns: number): string {
  const longLine = new RegExp(`(?![^\\n]{1,${columns}}$)([^\\n]{1,${columns}})\\s`, "gm");
  return text.replace(longLine, "$1\n");
}
