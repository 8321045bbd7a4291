// Control characters, format characters (bidirectional ones and zero-width ones are among them), line separators, and
// halves of characters: what a terminal obeys, or shows as something else than it is.
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Makes visible what would steer a terminal or a log: text of a server or of a file may hold anything. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** JSON that is as safe to show: `JSON.stringify` leaves half of those characters as they are. */
export function toSafeJson(value: unknown): string {
  const toEscape = (character: string) => (character === "\n" ? character : escapeUnits(character));
  return JSON.stringify(value, null, 2).replace(unsafe, toEscape);
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}
