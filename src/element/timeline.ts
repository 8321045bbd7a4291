import type { RefreshTokenView } from "../public.js";
import { svg } from "./dom.js";
import { dayMs } from "./times.js";

/** Where a time stands on the line that all tokens share, in percent. */
export type Scale = (time: number) => number;

// So far the line reaches for anyone; further only where most tokens do, or one would press all others together.
const commonReachMs = 400 * dayMs;

/** A line for all of the tokens' times, with `now` on it; those far away from the others' stand at its ends. */
export function createScale(tokens: readonly RefreshTokenView[], now: number): Scale {
  const spans = tokens.map(timesOf).filter((times) => times.length > 0);
  const reach = (distances: number[]) => {
    const sorted = distances.sort((a, b) => a - b);
    const limit = Math.max(commonReachMs, 2 * (sorted[sorted.length >> 1] ?? 0));
    return Math.max(Math.min(sorted.at(-1) ?? 0, limit), 60_000);
  };
  const from = now - reach(spans.map((times) => now - Math.min(...times)));
  const to = now + reach(spans.map((times) => Math.max(...times) - now));
  return (time) => 1.5 + (97 * (Math.min(Math.max(time, from), to) - from)) / (to - from);
}

const timesOf = ({ signedInAt, lastUsedAt, idleExpiresAt, expiresAt }: RefreshTokenView) =>
  [signedInAt, lastUsedAt, idleExpiresAt, expiresAt].flatMap((date) => (date ? [date.getTime()] : []));

/** Draws a token's life: from the sign-in over the last use to its end, and now. `words` say the same. */
export function drawTimeline(token: RefreshTokenView, scale: Scale, now: number, words: string): SVGElement {
  const { signedInAt, lastUsedAt, usableUntil, expiresAt } = token;
  const start = signedInAt ?? lastUsedAt;
  const used = lastUsedAt ?? signedInAt;
  const at = (date: Date | undefined) => date && scale(date.getTime());
  return svg(
    "svg",
    { class: "life", part: "timeline", role: "img", "aria-label": words },
    ...line("rest", at(start), at(expiresAt ?? usableUntil)),
    ...line("usable", at(used), at(usableUntil)),
    ...line("past", at(start), at(used)),
    ...line("now", scale(now), scale(now)),
    ...[start, used, usableUntil].flatMap((date) => {
      const x = at(date);
      return x === undefined ? [] : [svg("circle", { class: "mark", cx: `${x.toFixed(2)}%`, cy: "50%", r: "4" })];
    }),
  );
}

function line(name: string, from: number | undefined, to: number | undefined): SVGElement[] {
  if (from === undefined || to === undefined || (from >= to && name !== "now")) return [];
  const [y1, y2] = name === "now" ? ["0", "100%"] : ["50%", "50%"];
  return [svg("line", { class: name, x1: `${from.toFixed(2)}%`, x2: `${to.toFixed(2)}%`, y1, y2 })];
}
