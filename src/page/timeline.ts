import { dayMs } from "../relative-time.js";
import type { RefreshTokenView } from "../web.js";
import { svg } from "./dom.js";
import { axisLabel, exactTime } from "./time.js";

/** Where a time stands on the axis that all timelines share, in percent. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly now: number;
  at(time: number): number;
}

// So far the axis reaches for anyone; further only where most tokens do, or one would press all others together.
const commonReachMs = 400 * dayMs;

/** An axis for all of the tokens' times; those far away from the others' stand at its ends. */
export function createScale(tokens: readonly RefreshTokenView[], now: number): Scale {
  const spans = tokens.map(timesOf).filter((times) => times.length > 0);
  const reach = (distances: number[]) => {
    const sorted = distances.sort((a, b) => a - b);
    const limit = Math.max(commonReachMs, 2 * (sorted[sorted.length >> 1] ?? 0));
    return Math.max(Math.min(sorted.at(-1) ?? 0, limit), 60_000);
  };
  const from = now - reach(spans.map((times) => now - Math.min(...times)));
  const to = now + reach(spans.map((times) => Math.max(...times) - now));
  return { from, to, now, at: (time) => 1.5 + (97 * (Math.min(Math.max(time, from), to) - from)) / (to - from) };
}

const timesOf = ({ signedInAt, lastUsedAt, idleExpiresAt, expiresAt }: RefreshTokenView) =>
  [signedInAt, lastUsedAt, idleExpiresAt, expiresAt].flatMap((date) => (date ? [date.getTime()] : []));

const percent = (value: number) => `${value.toFixed(2)}%`;

const shapes = {
  in: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
  used: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
  idle: "M0-6 6 0 0 6-6 0Z",
  end: "M-1.5-9h3v18h-3Z",
};

/** Draws a token's life into `element`: signed in, last used, idle expiry, final expiry, and now. */
export function drawTimeline(element: SVGElement, token: RefreshTokenView, scale: Scale): void {
  const { signedInAt, lastUsedAt, idleExpiresAt, expiresAt, usableUntil } = token;
  const start = signedInAt ?? lastUsedAt;
  const used = lastUsedAt ?? signedInAt;
  element.replaceChildren(
    ...line("rest", start, expiresAt ?? usableUntil, scale),
    ...line("usable", used, usableUntil, scale),
    ...line("past", start, used, scale),
    svg("line", {
      class: "now",
      x1: percent(scale.at(scale.now)),
      x2: percent(scale.at(scale.now)),
      y1: "0",
      y2: "100%",
    }),
    ...mark("end", "Ends at the latest", expiresAt, scale),
    // Past the final expiry it says nothing.
    ...mark("idle", "Ends unless used", idleExpiresAt === usableUntil ? idleExpiresAt : undefined, scale),
    ...mark("in", "Signed in", signedInAt, scale),
    ...mark("used", "Last used", lastUsedAt, scale),
  );
}

function line(name: string, from: Date | undefined, to: Date | undefined, scale: Scale): SVGElement[] {
  if (!from || !to || from >= to) return [];
  const [x1, x2] = [scale.at(from.getTime()), scale.at(to.getTime())];
  return [svg("line", { class: name, x1: percent(x1), x2: percent(x2), y1: "50%", y2: "50%" })];
}

function mark(name: keyof typeof shapes, title: string, date: Date | undefined, scale: Scale): SVGElement[] {
  if (!date) return [];
  const shape = svg("path", { class: name, d: shapes[name] }, svg("title", {}, `${title}: ${exactTime(date)}`));
  return [svg("svg", { x: percent(scale.at(date.getTime())), y: "50%", overflow: "visible" }, shape)];
}

const steps = [1 / 24, 1 / 4, 1, 7, 30, 91, 365].map((days) => days * dayMs);

/** Draws the axis over the timelines: now, and some times before and after it. */
export function drawAxis(element: SVGElement, { from, to, now, at }: Scale): void {
  const step = steps.find((each) => (to - from) / each <= 7) ?? (to - from) / 4;
  const labels = [label(at(now), "now", "now")];
  for (let k = Math.ceil((from - now) / step); now + k * step <= to; k++) {
    const x = at(now + k * step);
    // At the very edge there is no room for a label.
    if (k !== 0 && x > 4 && x < 96) labels.push(label(x, axisLabel(now + k * step, step), k % 2 ? "odd" : "even"));
  }
  element.replaceChildren(...labels);
}

const label = (x: number, text: string, name: string) =>
  svg("text", { class: name, x: percent(x), y: "70%", "text-anchor": "middle" }, text);
