import type { SignIn } from "../public.js";
import type { CardContext } from "./card.js";
import { el } from "./dom.js";
import { nameOf } from "./names.js";
import { styleSheet } from "./style.js";

/** Sign-ins of one kind, under their heading. */
export interface Group {
  readonly section: HTMLElement;
  readonly heading: HTMLElement;
  readonly list: HTMLElement;
}

/** What the element is made of. */
export type Parts = ReturnType<typeof createParts>;

/** Fills an empty shadow root. */
export function createParts(shadow: ShadowRoot, on: { again: () => void; endOthers: () => void; arrange: () => void }) {
  shadow.adoptedStyleSheets = [styleSheet()];
  const group = (): Group => {
    const heading = el("h2", { part: "heading" });
    const list = el("ul", { part: "list", role: "list" });
    return { section: el("section", {}, heading, list), heading, list };
  };
  const groups = [group(), group(), group()] as const;
  const search = el("input", { type: "search", maxlength: "200" });
  const states = ["", "active", "expired", "unfinished", "idle-expired"];
  const state = el("select", {}, ...states.map((value) => el("option", { value })));
  const parts = {
    groups,
    search,
    state,
    notice: el("p", { class: "notice", part: "notice", role: "status", tabindex: "-1" }),
    problem: el("p", { class: "problem", part: "problem", role: "alert" }),
    again: el("button", { type: "button", part: "button" }),
    loading: el("p", { class: "loading" }),
    none: el("p"),
    others: el("button", { type: "button", part: "button", class: "others" }),
    tools: el("div", { class: "tools", role: "search" }, el("label", {}, "", search), el("label", {}, "", state)),
    noMatch: el("p"),
    hint: el("p", { class: "hint", part: "hint" }),
    root: el("div"),
  };
  for (const field of [search, state]) (field.parentNode as Element).prepend(document.createTextNode(""));
  parts.again.addEventListener("click", on.again);
  parts.others.addEventListener("click", on.endOthers);
  parts.tools.addEventListener("input", on.arrange);
  const { notice, problem, again, loading, none, others, tools, noMatch, hint, root } = parts;
  const [here, ...rest] = groups.map(({ section }) => section) as [HTMLElement, HTMLElement, HTMLElement];
  root.append(notice, problem, again, loading, none, here, others, tools, ...rest, noMatch, hint);
  shadow.append(root);
  return parts;
}

/** Whether a sign-in is what the person looks for. */
export function fits(signIn: SignIn, { search, state }: Parts, context: CardContext): boolean {
  if (state.value && signIn.state !== state.value) return false;
  const text =
    signIn.kind === "session" ? [signIn.device, signIn.userAgent, signIn.address] : [signIn.clientId, ...signIn.scopes];
  const all = [nameOf(signIn, context), signIn.id, ...text].join(" ").toLowerCase();
  return search.value
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
