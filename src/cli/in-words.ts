const dayMs = 86_400_000;

const units = [
  ["year", 365 * dayMs],
  ["day", dayMs],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/**
 * A time as people say it: `2 hours ago`, `in 29 days`. Rounds down, as clocks and calendars do. Intl
 * says the same, and takes longer to load than a call.
 */
export function relativeTime(time: Date, now: number): string {
  const difference = time.getTime() - now;
  const ms = Math.abs(difference);
  const unit = units.find(([, length]) => ms >= length);
  if (!unit) return difference > 0 ? "in a moment" : "just now";
  const amount = counted(Math.floor(ms / unit[1]), unit[0]);
  return difference > 0 ? `in ${amount}` : `${amount} ago`;
}

/** So many of something, such as `1 session` and `2 sessions`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
