import { el } from "./dom.js";

const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

const units = [
  ["year", 365 * dayMs],
  ["day", dayMs],
  ["hour", hourMs],
  ["minute", 60_000],
  ["second", 0],
] as const;

/** Times as people write them in a language, which is a BCP 47 tag; in the reader's own where it is none. */
export class Times {
  readonly #exact: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  constructor(language: string) {
    const known = isLanguage(language) ? language : undefined;
    this.#exact = new Intl.DateTimeFormat(known, { dateStyle: "full", timeStyle: "long" });
    this.#relative = new Intl.RelativeTimeFormat(known, { numeric: "auto" });
  }

  /** To the second, in the reader's time zone. */
  exact(date: Date): string {
    return this.#exact.format(date);
  }

  /** Such as `2 hours ago`, `in 29 days`. Rounds down, as calendars do; less than a minute is now. */
  relative(date: Date, now: number): string {
    const ms = date.getTime() - now;
    const [unit, length] = units.find(([, length]) => Math.abs(ms) >= length) as (typeof units)[number];
    return this.#relative.format(length === 0 ? 0 : Math.trunc(ms / length), unit);
  }

  /** A `<time>` with the exact one. */
  element(date: Date): HTMLTimeElement {
    return el("time", { datetime: date.toISOString() }, this.exact(date));
  }
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}
