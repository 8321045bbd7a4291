import type { RefreshTokenView, SessionView, SignIn } from "../public.js";
import { el, facts, plain, setText, show } from "./dom.js";
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
  /** By id: what ends now, and why something could not be ended. */
  readonly busy: ReadonlySet<string>;
  readonly mistakes: ReadonlyMap<string, string>;
}

export interface Card {
  readonly element: HTMLLIElement;
  update(signIn: SignIn, context: CardContext): void;
  /** Whether it has all of the words, in lower case, and the state, if one is asked for. */
  fits(words: readonly string[], state: string): boolean;
}

/** One sign-in: what it is, when it was used, and the button that ends it. */
export function createCard(first: SignIn, context: CardContext, end: (signIn: SignIn) => void): Card {
  const name = el("bdi");
  const badge = el("span", { class: "badge", part: "badge" });
  const lines = el("div", { class: "lines" });
  const mistake = el("p", { class: "mistake", role: "alert" });
  const button = el("button", { type: "button", part: "button" });
  const summary = el("summary");
  const rows = el("dl");
  const details = el("details", { part: "details" }, summary, rows);
  const body = el("div", { class: "body" }, el("h3", {}, name, " ", badge), lines, mistake, details);
  let shown = { signIn: first, context };
  let searched = "";
  const showDetails = () => {
    if (details.open) rows.replaceChildren(...detailsOf(shown.signIn, shown.context));
  };
  details.addEventListener("toggle", showDetails);
  button.addEventListener("click", () => {
    if (!shown.context.busy.has(first.id)) end(shown.signIn);
  });

  return {
    element: el("li", { part: "card" }, icon(iconOf(first)), body, button),
    update(signIn, context) {
      const { texts, busy, mistakes } = context;
      const title = plain(nameOf(signIn, context));
      shown = { signIn, context };
      searched = searchedText(signIn, title);
      setText(name, title);
      show(badge, signIn.state !== "active" && texts.states[signIn.state]);
      lines.replaceChildren(...linesOf(signIn, context));
      show(mistake, mistakes.get(signIn.id));
      setText(button, busy.has(signIn.id) ? texts.signingOut : texts.signOut);
      button.setAttribute("aria-label", `${button.textContent}: ${title}`);
      // Not `disabled`, which would take the focus from it.
      button.setAttribute("aria-disabled", String(busy.has(signIn.id)));
      setText(summary, texts.details);
      showDetails();
    },
    fits: (words, state) =>
      (state === "" || state === shown.signIn.state) && words.every((word) => searched.includes(word)),
  };
}

function searchedText(signIn: SignIn, title: string): string {
  const parts =
    signIn.kind === "session" ? [signIn.device, signIn.userAgent, signIn.address] : [signIn.clientId, ...signIn.scopes];
  return [title, signIn.id, ...parts].join(" ").toLowerCase();
}

function linesOf(signIn: SignIn, context: CardContext): Element[] {
  return signIn.kind === "session" ? sessionLines(signIn, context) : tokenLines(signIn, context);
}

function sessionLines(session: SessionView, { texts, times, now }: CardContext): Element[] {
  const factors = session.factors.map((factor) => texts.factors[factor]);
  return [
    lineOf([
      session.changedAt && times.element(session.changedAt, texts.lastActive(times.relative(session.changedAt, now))),
      session.address && el("bdi", {}, plain(session.address)),
    ]),
    lineOf([
      factors.length > 0 && texts.signedInWith(factors),
      session.expiresAt && times.element(session.expiresAt, endText(session.expiresAt, texts, times, now)),
    ]),
  ].flat();
}

function tokenLines(token: RefreshTokenView, { texts, times, now, scale }: CardContext): Element[] {
  const { signedInAt, lastUsedAt, usableUntil } = token;
  const end = usableUntil && times.element(usableUntil, tokenEnd(token, texts, times, now));
  const line = lineOf([
    lastUsedAt && times.element(lastUsedAt, texts.lastActive(times.relative(lastUsedAt, now))),
    signedInAt && times.element(signedInAt, texts.signedIn(times.relative(signedInAt, now))),
    end,
  ]);
  return [...line, drawTimeline(token, scale, now)];
}

function tokenEnd({ usableUntil, idleExpiresAt }: RefreshTokenView, texts: SignInsTexts, times: Times, now: number) {
  const end = usableUntil as Date;
  const isIdle = end === idleExpiresAt && end.getTime() > now;
  return isIdle ? texts.endsUnlessUsed(times.relative(end, now)) : endText(end, texts, times, now);
}

function endText(end: Date, texts: SignInsTexts, times: Times, now: number): string {
  return (end.getTime() > now ? texts.ends : texts.ended)(times.relative(end, now));
}

/** A paragraph of what is known, none for nothing. */
function lineOf(parts: readonly (Element | string | false | undefined)[]): HTMLElement[] {
  const known = parts.filter((part) => part !== undefined && part !== false && part !== "") as (Element | string)[];
  return known.length === 0 ? [] : [el("p", {}, ...known.flatMap((part, at) => (at === 0 ? [part] : [" · ", part])))];
}

function detailsOf(signIn: SignIn, { texts, times }: CardContext): HTMLElement[] {
  const { fields } = texts;
  const session = signIn.kind === "session" ? signIn : undefined;
  const token = signIn.kind === "refreshToken" ? signIn : undefined;
  const time = (date: Date | undefined) => date && times.element(date);
  const code = (text: string) => el("code", {}, plain(text));
  return facts([
    [fields.device, session?.device],
    [fields.userAgent, session?.userAgent],
    [fields.address, session?.address],
    [fields.signedInAt, time(signIn.signedInAt)],
    [fields.lastActiveAt, time(session?.changedAt ?? token?.lastUsedAt)],
    [fields.idleExpiresAt, time(token?.idleExpiresAt)],
    [fields.expiresAt, time(signIn.expiresAt)],
    [fields.scopes, token?.scopes.join(" ")],
    [fields.audience, token?.audience.join(" ")],
    [fields.clientId, token && code(token.clientId)],
    [fields.id, code(signIn.id)],
  ]);
}
