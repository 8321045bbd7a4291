import { el } from "./dom.js";

// The page is written in English: of the reader's languages it follows the English one, or none.
const language = navigator.languages.find((each) => each.startsWith("en")) ?? "en";
const exactFormat = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const relativeFormat = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

const units = [
  ["year", 365 * dayMs],
  ["day", dayMs],
  ["hour", hourMs],
  ["minute", 60_000],
] as const;

/** To the second, in the reader's time zone. */
export const exactTime = (date: Date): string => exactFormat.format(date);

/** As people say it: `2 hours ago`, `in 29 days`. Rounds down, as calendars do. */
export function relativeTime(date: Date, now: number): string {
  const ms = date.getTime() - now;
  const unit = units.find(([, length]) => Math.abs(ms) >= length);
  if (!unit) return ms > 0 ? "in a moment" : "just now";
  return relativeFormat.format(Math.trunc(ms / unit[1]), unit[0]);
}

/** A short label for an axis that is so long between two marks. */
export function axisLabel(time: number, stepMs: number): string {
  const format: Intl.DateTimeFormatOptions =
    stepMs < dayMs
      ? { timeStyle: "short" }
      : stepMs < 365 * dayMs
        ? { day: "numeric", month: "short" }
        : { year: "numeric" };
  return new Intl.DateTimeFormat(language, format).format(time);
}

/** A `<time>` that `showTime` fills. */
export const timeElement = (): HTMLTimeElement => el("time");

/** Shows a time in relation to now, with the exact one on hover. */
export function showTime(element: HTMLTimeElement, date: Date | undefined, now: number): void {
  const text = date ? relativeTime(date, now) : "unknown";
  if (element.textContent !== text) element.textContent = text;
  const iso = date?.toISOString() ?? "";
  if (element.dateTime === iso) return;
  element.dateTime = iso;
  element.title = date ? exactTime(date) : "";
}
