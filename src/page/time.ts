import { dayMs, relativeTime } from "../relative-time.js";
import { el } from "./dom.js";

// The page is written in English: of the reader's languages it follows the English one, or none.
const language = navigator.languages.find((each) => each.startsWith("en")) ?? "en";
const exactFormat = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });

/** To the second, in the reader's time zone. */
export const exactTime = (date: Date): string => exactFormat.format(date);

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
