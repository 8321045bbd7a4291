import { relativeTime } from "../relative-time.js";
import type { RefreshTokenView } from "../web.js";
import { appName } from "./arrange.js";
import { el, facts, plain, setText, svg } from "./dom.js";
import { exactTime, showTime, timeElement } from "./time.js";
import { drawTimeline, type Scale } from "./timeline.js";

/** What became of an attempt to revoke a token that is still listed. */
export interface Mark {
  readonly kind: "revoking" | "revoked" | "gone" | "failed";
  /** In words. */
  readonly note: string;
}

/** A token in the list. */
export interface Row {
  readonly element: HTMLLIElement;
  update(token: RefreshTokenView, mark: Mark | undefined, selected: boolean, scale: Scale): void;
}

const badges: Record<RefreshTokenView["state"] | Exclude<Mark["kind"], "failed">, string> = {
  active: "Active",
  "idle-expired": "Unused too long",
  expired: "Expired",
  revoking: "Revoking…",
  revoked: "Revoked",
  gone: "Gone",
};

/** Names a token so that two of one app can be told apart. */
export function tokenName({ clientId, lastUsedAt }: RefreshTokenView, now: number): string {
  return `${plain(appName(clientId)).slice(0, 80)}${lastUsedAt ? `, last used ${relativeTime(lastUsedAt, now)}` : ""}`;
}

export function createRow(select: (selected: boolean) => void, revoke: () => void): Row {
  const checkbox = el("input", { type: "checkbox" });
  const button = el("button", { type: "button" }, "Revoke");
  const name = el("bdi");
  const badge = el("span");
  const client = el("bdi");
  const scopes = el("p", { class: "scopes" });
  const life = svg("svg", { class: "life", role: "img" });
  const [used, signedIn, ends] = [timeElement(), timeElement(), timeElement()];
  const endsName = el("dt");
  const times = el("dl", { class: "times" });
  for (const [title, time] of [
    [el("dt", {}, "Last used"), used] as const,
    [el("dt", {}, "Signed in"), signedIn] as const,
    [endsName, ends] as const,
  ]) {
    times.append(el("div", {}, title, el("dd", {}, time)));
  }
  const note = el("p", { class: "note" });
  const all = el("dl", { class: "facts" });
  const details = el("details", {}, el("summary", {}, "Details"), all);
  const element = el(
    "li",
    {},
    el("label", { class: "check" }, checkbox),
    el("div", { class: "app" }, el("h3", {}, name, badge), el("p", {}, client), scopes),
    life,
    times,
    button,
    note,
    details,
  );
  let shown: RefreshTokenView | undefined;
  const showDetails = () => {
    if (details.open && shown) all.replaceChildren(...detailsOf(shown));
  };
  checkbox.addEventListener("change", () => select(checkbox.checked));
  button.addEventListener("click", revoke);
  details.addEventListener("toggle", showDetails);

  return {
    element,
    update(token, mark, selected, scale) {
      const { now } = scale;
      const kind = mark?.kind === "failed" ? token.state : (mark?.kind ?? token.state);
      const fixed = mark !== undefined && mark.kind !== "failed";
      element.className = kind;
      setText(name, plain(appName(token.clientId)));
      setText(badge, badges[kind]);
      badge.className = "badge";
      setText(client, plain(token.clientId));
      setText(scopes, token.scopes.map(plain).join(" · "));
      showTime(used, token.lastUsedAt, now);
      showTime(signedIn, token.signedInAt, now);
      showTime(ends, token.usableUntil, now);
      setText(endsName, endName(token));
      setText(note, mark?.note ?? "");
      note.hidden = !mark;
      checkbox.checked = selected;
      checkbox.disabled = fixed;
      // Not `disabled`, which would take the focus from it.
      button.setAttribute("aria-disabled", String(fixed));
      const label = tokenName(token, now);
      checkbox.setAttribute("aria-label", `Select ${label}`);
      button.setAttribute("aria-label", `Revoke ${label}`);
      life.setAttribute("aria-label", lifeInWords(token, now));
      drawTimeline(life, token, scale);
      shown = token;
      showDetails();
    },
  };
}

function endName({ state, usableUntil, expiresAt }: RefreshTokenView): string {
  if (state !== "active") return "Ended";
  return usableUntil && usableUntil.getTime() !== expiresAt?.getTime() ? "Ends unless used" : "Ends";
}

function lifeInWords(token: RefreshTokenView, now: number): string {
  const parts = [
    ["signed in", token.signedInAt],
    ["last used", token.lastUsedAt],
    [
      token.state === "idle-expired" ? "ended unused" : "ends unless used",
      token.idleExpiresAt === token.usableUntil ? token.idleExpiresAt : undefined,
    ],
    [token.state === "expired" ? "ended at the latest" : "ends at the latest", token.expiresAt],
  ] as const;
  const known = parts.flatMap(([name, date]) => (date ? [`${name} ${relativeTime(date, now)}`] : []));
  return `Timeline: ${known.join(", ") || "no times are known"}`;
}

function detailsOf(token: RefreshTokenView): HTMLElement[] {
  const time = (date: Date | undefined) => date && exact(date);
  return facts([
    ["Token id", el("code", {}, plain(token.id))],
    ["Client id", el("code", {}, plain(token.clientId))],
    ["Signed in", time(token.signedInAt)],
    ["Last used", time(token.lastUsedAt)],
    ["Ends unless used", time(token.idleExpiresAt)],
    ["Ends at the latest", time(token.expiresAt)],
    ["Scopes", token.scopes.join(" ")],
    ["Audience", token.audience.join(" ")],
  ]);
}

function exact(date: Date): HTMLTimeElement {
  const time = timeElement();
  time.dateTime = date.toISOString();
  time.textContent = exactTime(date);
  return time;
}
