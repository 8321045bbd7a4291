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

/** Times as people write them in a language, which is a BCP 47 tag. Default: the reader's own. */
export class Times {
  readonly #exact: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  constructor(language?: string) {
    this.#exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  }

  /** Such as `2 hours ago`, `in 29 days`. Rounds down, as calendars do; less than a minute is now. */
  relative(date: Date, now: number): string {
    const ms = date.getTime() - now;
    const [unit, length] = units.find(([, length]) => Math.abs(ms) >= length) as (typeof units)[number];
    return this.#relative.format(length === 0 ? 0 : Math.trunc(ms / length), unit);
  }

  /** The time to the second, in the reader's time zone. Behind a text about it, if there is one. */
  element(date: Date, text?: string): HTMLTimeElement {
    const exact = this.#exact.format(date);
    return el("time", { datetime: date.toISOString(), ...(text && { title: exact }) }, text ?? exact);
  }
}

const byLanguage = new Map<string, Times>();

/** The `Times` of a page's `lang`. Made once a language, since `Intl` is slow to make them. */
export function timesIn(language: string): Times {
  const times = byLanguage.get(language) ?? createTimes(language);
  byLanguage.set(language, times);
  return times;
}

function createTimes(language: string): Times {
  try {
    return new Times(language);
  } catch {
    // No BCP 47 tag, such as `en_US`.
    return new Times();
  }
}
