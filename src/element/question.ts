import type { SignIn } from "../public.js";
import { el, plain } from "./dom.js";
import { type Naming, nameOf } from "./names.js";

/** What is asked before sign-ins end. */
export interface Question extends Naming {
  readonly signIns: readonly SignIn[];
  /** Whether each can be kept, since nobody knows which of them is this one. */
  readonly mayKeep: boolean;
}

/** Whether a sign-in is known to be the one in use. */
export const isHere = (signIn: SignIn): boolean => signIn.kind === "session" && signIn.isCurrent === true;

/** Asks in a dialog of `root`, which names each. Resolves with those that are to end; none if the person says no. */
export function ask(root: ShadowRoot, { signIns, mayKeep, ...naming }: Question): Promise<readonly SignIn[]> {
  const { texts } = naming;
  const rows = signIns.map((signIn) => {
    const box = el("input", { type: "checkbox", checked: "" });
    const name = el("bdi", {}, plain(nameOf(signIn, naming)));
    const where = signIn.kind === "session" && signIn.address ? ` · ${plain(signIn.address)}` : "";
    const row = el("li", {}, mayKeep ? el("label", {}, box, name, where) : el("span", {}, name, where));
    return { signIn, box, name: name.textContent, row };
  });
  const names = rows.map(({ name }) => name);
  const no = el("button", { type: "submit", value: "", part: "button", autofocus: "" }, texts.cancel);
  const yes = el("button", { type: "submit", value: "end", part: "button danger", class: "danger" }, texts.signOut);
  const form = el(
    "form",
    { method: "dialog" },
    el("h2", { id: "question" }, texts.question(names, signIns.some(isHere))),
    el("p", {}, mayKeep ? texts.keepHint : ""),
    el("ul", {}, ...rows.map(({ row }) => row)),
    el("p", {}, texts.consequence),
    el("div", { class: "actions" }, no, yes),
  );
  const dialog = el("dialog", { part: "dialog", "aria-labelledby": "question" }, form);
  root.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      const chosen = rows.filter(({ box }) => !mayKeep || box.checked).map(({ signIn }) => signIn);
      resolve(dialog.returnValue === "end" ? chosen : []);
    });
  });
}
