import type { RefreshTokenView } from "../public.js";
import { svg } from "./dom.js";
import { dayMs } from "./times.js";

/** Where a time stands on the line that all tokens share, in percent. */
export type Scale = (time: number) => number;

// A token that lives much longer would press all others together.
const reachMs = 400 * dayMs;

/** A line for all of the tokens' times, with `now` on it. Times out of reach stand at its ends. */
export function createScale(tokens: readonly RefreshTokenView[], now: number): Scale {
  const times = tokens.flatMap(({ signedInAt, lastUsedAt, idleExpiresAt, expiresAt }) =>
    [signedInAt, lastUsedAt, idleExpiresAt, expiresAt].flatMap((date) => (date ? [date.getTime()] : [])),
  );
  const from = Math.max(Math.min(now - 60_000, ...times), now - reachMs);
  const to = Math.min(Math.max(now + 60_000, ...times), now + reachMs);
  return (time) => 1.5 + (97 * (Math.min(Math.max(time, from), to) - from)) / (to - from);
}

/** Draws a token's life: from the sign-in over the last use to its end, and now. The text beside it says the same. */
export function drawTimeline(token: RefreshTokenView, scale: Scale, now: number): SVGElement {
  const { signedInAt, lastUsedAt, usableUntil, expiresAt } = token;
  const start = signedInAt ?? lastUsedAt;
  const used = lastUsedAt ?? signedInAt;
  const at = (date: Date | undefined) => date && scale(date.getTime());
  return svg(
    "svg",
    { class: "life", part: "timeline", "aria-hidden": "true" },
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
