const units = [
  { name: "year", ms: 365 * 86_400_000 },
  { name: "day", ms: 86_400_000 },
  { name: "hour", ms: 3_600_000 },
  { name: "min", ms: 60_000 },
] as const;

/** A time as people say it: `7 min ago`, `in 30 days`. Rounds down, as clocks and calendars do. */
export function relativeTime(time: Date, now: number): string {
  const difference = time.getTime() - now;
  const ms = Math.abs(difference);
  const unit = units.find((each) => ms >= each.ms);
  if (!unit) return difference < 0 ? "just now" : "in a moment";
  const count = Math.floor(ms / unit.ms);
  const amount = `${count} ${unit.name}${count === 1 || unit.name === "min" ? "" : "s"}`;
  return difference < 0 ? `${amount} ago` : `in ${amount}`;
}
