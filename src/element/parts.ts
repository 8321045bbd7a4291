import type { Card } from "./card.js";
import { el } from "./dom.js";
import { styleSheet } from "./style.js";

/** What the element is made of. */
export type Parts = ReturnType<typeof createParts>;

/** Sign-ins of one kind, under their heading. */
export type Group = ReturnType<typeof createGroup>;

function createGroup() {
  const heading = el("h2", { part: "heading" });
  const list = el("ul", { part: "list", role: "list" });
  return { section: el("section", {}, heading, list), heading, list, cards: [] as readonly Card[] };
}

/** Fills an empty shadow root. */
export function createParts(shadow: ShadowRoot) {
  shadow.adoptedStyleSheets = [styleSheet()];
  const notice = el("p", { class: "notice", part: "notice", role: "status", tabindex: "-1" });
  const problem = el("p", { class: "problem", part: "problem", role: "alert" });
  const again = el("button", { type: "button", part: "button" });
  // Why there is no list to see.
  const blank = el("p");
  const [here, devices, apps] = [createGroup(), createGroup(), createGroup()];
  const others = el("button", { type: "button", part: "button", class: "others" });
  const search = el("input", { type: "search", maxlength: "200" });
  const states = ["", "active", "expired", "unfinished", "idle-expired"];
  const state = el("select", {}, ...states.map((value) => el("option", { value })));
  const [searchLabel, stateLabel] = [el("span"), el("span")];
  const labels = [el("label", {}, searchLabel, search), el("label", {}, stateLabel, state)];
  const tools = el("div", { class: "tools", role: "search" }, ...labels);
  const hint = el("p", { class: "hint", part: "hint" });
  const top = [notice, problem, again, here.section, others, tools];
  const root = el("div", {}, ...top, blank, devices.section, apps.section, hint);
  shadow.append(root);
  return {
    ...{ root, notice, problem, again, blank, here, devices, apps, others, hint },
    ...{ tools, search, searchLabel, state, stateLabel },
  };
}
