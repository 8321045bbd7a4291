import type { RefreshTokenView, SessionView, SignIn } from "../public.js";
import { el, facts, plain, setText } from "./dom.js";
import { icon } from "./icons.js";
import { iconOf, type Naming, nameOf } from "./names.js";
import type { SignInsTexts } from "./texts.js";
import { drawTimeline, type Scale } from "./timeline.js";
import type { Times } from "./times.js";

/** What a card shows beside its sign-in. */
export interface CardContext extends Naming {
  readonly times: Times;
  readonly now: number;
  /** Of all refresh tokens. */
  readonly scale: Scale;
  readonly isBusy: (id: string) => boolean;
  /** Why it could not be ended. */
  readonly mistakeOf: (id: string) => string | undefined;
}

export interface Card {
  readonly element: HTMLLIElement;
  readonly button: HTMLButtonElement;
  update(signIn: SignIn, context: CardContext): void;
}

/** One sign-in: what it is, when it was used, and the button that ends it. */
export function createCard(end: (signIn: SignIn) => void): Card {
  const name = el("bdi");
  const badge = el("span", { class: "badge", part: "badge" });
  const lines = el("div", { class: "lines" });
  const mistake = el("p", { class: "mistake", role: "alert" });
  const button = el("button", { type: "button", part: "button" });
  const summary = el("summary");
  const rows = el("dl");
  const details = el("details", { part: "details" }, summary, rows);
  const body = el("div", { class: "body" }, el("h3", {}, name, " ", badge), lines, mistake, details);
  const element = el("li", { part: "card" }, body, button);
  let drawn: SVGElement | undefined;
  let shown: { signIn: SignIn; context: CardContext } | undefined;
  const showDetails = () => {
    if (details.open && shown) rows.replaceChildren(...detailsOf(shown.signIn, shown.context));
  };
  details.addEventListener("toggle", showDetails);
  button.addEventListener("click", () => {
    if (shown && !shown.context.isBusy(shown.signIn.id)) end(shown.signIn);
  });

  return {
    element,
    button,
    update(signIn, context) {
      const { texts } = context;
      const title = plain(nameOf(signIn, context));
      const isBusy = context.isBusy(signIn.id);
      if (!drawn) element.prepend(icon(iconOf(signIn)));
      drawn ??= element.firstElementChild as SVGElement;
      shown = { signIn, context };
      setText(name, title);
      setText(badge, texts.states[signIn.state]);
      badge.hidden = signIn.state === "active";
      lines.replaceChildren(...linesOf(signIn, context));
      const why = context.mistakeOf(signIn.id) ?? "";
      setText(mistake, why);
      mistake.hidden = why === "";
      setText(button, isBusy ? texts.signingOut : texts.signOut);
      button.setAttribute("aria-label", `${button.textContent}: ${title}`);
      // Not `disabled`, which would take the focus from it.
      button.setAttribute("aria-disabled", String(isBusy));
      setText(summary, texts.details);
      showDetails();
    },
  };
}

function linesOf(signIn: SignIn, context: CardContext): Element[] {
  return signIn.kind === "session" ? sessionLines(signIn, context) : tokenLines(signIn, context);
}

function sessionLines(session: SessionView, { texts, times, now }: CardContext): Element[] {
  const factors = session.factors.map((factor) => texts.factors[factor]);
  return [
    lineOf([
      session.changedAt && timed(times, session.changedAt, texts.lastActive(times.relative(session.changedAt, now))),
      session.address && el("bdi", {}, plain(session.address)),
    ]),
    lineOf([
      factors.length > 0 && texts.signedInWith(factors),
      session.expiresAt && timed(times, session.expiresAt, endText(session.expiresAt, texts, times, now)),
    ]),
  ].flat();
}

function tokenLines(token: RefreshTokenView, { texts, times, now, scale }: CardContext): Element[] {
  const { signedInAt, lastUsedAt, usableUntil } = token;
  const end = usableUntil && timed(times, usableUntil, tokenEnd(token, texts, times, now));
  const line = lineOf([
    lastUsedAt && timed(times, lastUsedAt, texts.lastActive(times.relative(lastUsedAt, now))),
    signedInAt && timed(times, signedInAt, texts.signedIn(times.relative(signedInAt, now))),
    end,
  ]);
  return [...line, drawTimeline(token, scale, now, line.map((each) => each.textContent).join(" "))];
}

function tokenEnd({ usableUntil, idleExpiresAt }: RefreshTokenView, texts: SignInsTexts, times: Times, now: number) {
  const end = usableUntil as Date;
  const isIdle = end === idleExpiresAt && end.getTime() > now;
  return isIdle ? texts.endsUnlessUsed(times.relative(end, now)) : endText(end, texts, times, now);
}

function endText(end: Date, texts: SignInsTexts, times: Times, now: number): string {
  return (end.getTime() > now ? texts.ends : texts.ended)(times.relative(end, now));
}

/** A text about a time, which the exact one is behind. */
function timed(times: Times, date: Date, text: string): HTMLTimeElement {
  return el("time", { datetime: date.toISOString(), title: times.exact(date) }, text);
}

/** A paragraph of what is known, none for nothing. */
function lineOf(parts: readonly (Element | string | false | undefined)[]): HTMLElement[] {
  const known = parts.filter((part) => part !== undefined && part !== false && part !== "") as (Element | string)[];
  return known.length === 0 ? [] : [el("p", {}, ...known.flatMap((part, at) => (at === 0 ? [part] : [" · ", part])))];
}

function detailsOf(signIn: SignIn, { texts, times }: CardContext): HTMLElement[] {
  const { fields } = texts;
  const time = (date: Date | undefined) => date && times.element(date);
  const code = (text: string) => el("code", {}, plain(text));
  if (signIn.kind === "session") {
    return facts([
      [fields.device, signIn.device],
      [fields.userAgent, signIn.userAgent],
      [fields.address, signIn.address],
      [fields.signedInAt, time(signIn.signedInAt)],
      [fields.lastActiveAt, time(signIn.changedAt)],
      [fields.expiresAt, time(signIn.expiresAt)],
      [fields.id, code(signIn.id)],
    ]);
  }
  return facts([
    [fields.signedInAt, time(signIn.signedInAt)],
    [fields.lastActiveAt, time(signIn.lastUsedAt)],
    [fields.idleExpiresAt, time(signIn.idleExpiresAt)],
    [fields.expiresAt, time(signIn.expiresAt)],
    [fields.scopes, signIn.scopes.join(" ")],
    [fields.audience, signIn.audience.join(" ")],
    [fields.clientId, code(signIn.clientId)],
    [fields.id, code(signIn.id)],
  ]);
}
