import type { RefreshTokensView, RefreshTokenView } from "../web.js";
import { appName, arrange, type Query } from "./arrange.js";
import { byId, el, plain, setText } from "./dom.js";
import { createRow, type Mark, type Row } from "./row.js";
import { createScale, drawAxis, type Scale } from "./timeline.js";

interface Shown {
  readonly token: RefreshTokenView;
  readonly mark: Mark | undefined;
  readonly selected: boolean;
  readonly scale: Scale;
}

const list = byId<HTMLUListElement>("list");
const search = byId<HTMLInputElement>("search");
const app = byId<HTMLSelectElement>("app");
const sort = byId<HTMLSelectElement>("sort");
const all = byId<HTMLInputElement>("all");
const states = [...document.querySelectorAll<HTMLInputElement>("input[name=state]")].map((input) => {
  const label = input.nextElementSibling as HTMLElement;
  return { input, label, name: label.textContent ?? "" };
});

/** The list with its filter, order and selection. */
export class ListView {
  readonly selected = new Set<string>();
  #view: RefreshTokensView | undefined;
  #marks: ReadonlyMap<string, Mark> = new Map();
  #scale: Scale = createScale([], 0);
  #order: readonly RefreshTokenView[] = [];
  readonly #rows = new Map<string, Row & { shown?: Shown }>();

  constructor(readonly revoke: (ids: readonly string[]) => void) {
    byId("tools").addEventListener("input", () => this.#arrange());
    byId("tools").addEventListener("submit", (event) => event.preventDefault());
    byId("clear").onclick = () => {
      byId<HTMLFormElement>("tools").reset();
      this.#arrange();
      search.focus();
    };
    all.onchange = () => {
      for (const { id } of this.#order) this.#select(id, all.checked);
      this.#update();
    };
    byId("revoke-selected").onclick = () => this.revoke([...this.selected]);
  }

  /** Shows these tokens, as of `now`. */
  render(view: RefreshTokensView, marks: ReadonlyMap<string, Mark>, now: number): void {
    this.#view = view;
    this.#marks = marks;
    this.#scale = createScale(view.tokens, now);
    drawAxis(byId<SVGElement>("axis"), this.#scale);
    const ids = new Set(view.tokens.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    for (const id of this.selected) if (!ids.has(id) || this.#isFixed(id)) this.selected.delete(id);
    showApps([...new Set(view.tokens.map(({ clientId }) => clientId))]);
    for (const { input, label, name } of states) {
      const count = view.tokens.filter(({ state }) => !input.value || state === input.value).length;
      setText(label, `${name} ${count}`);
    }
    this.#arrange();
  }

  /** Whether there is nothing more to do with a token. */
  #isFixed(id: string): boolean {
    const mark = this.#marks.get(id);
    return mark !== undefined && mark.kind !== "failed";
  }

  #select(id: string, selected: boolean): void {
    if (selected && !this.#isFixed(id)) this.selected.add(id);
    else this.selected.delete(id);
  }

  #arrange(): void {
    const order = arrange(this.#view?.tokens ?? [], readQuery());
    const isSame =
      order.length === list.children.length &&
      order.every(({ id }, i) => this.#rows.get(id)?.element === list.children[i]);
    this.#order = order;
    this.#update();
    if (!isSame) place(order.map(({ id }) => (this.#rows.get(id) as Row).element));
    byId("no-match").hidden = order.length > 0;
  }

  /** Brings up to date what has changed. */
  #update(): void {
    for (const token of this.#view?.tokens ?? []) {
      const row = this.#rows.get(token.id) ?? this.#createRow(token.id);
      const shown = {
        token,
        mark: this.#marks.get(token.id),
        selected: this.selected.has(token.id),
        scale: this.#scale,
      };
      if (isEqual(row.shown, shown)) continue;
      row.shown = shown;
      row.update(token, shown.mark, shown.selected, this.#scale);
    }
    const total = this.#view?.tokens.length ?? 0;
    const count = this.#order.length === total ? `${total} in the list` : `${this.#order.length} of ${total} shown`;
    setText(byId("count"), this.selected.size > 0 ? `${this.selected.size} selected` : count);
    byId("revoke-selected").setAttribute("aria-disabled", String(this.selected.size === 0));
    const inView = this.#order.filter(({ id }) => this.selected.has(id)).length;
    all.checked = inView > 0 && inView === this.#order.filter(({ id }) => !this.#isFixed(id)).length;
    all.indeterminate = inView > 0 && !all.checked;
  }

  #createRow(id: string): Row & { shown?: Shown } {
    const row = createRow(
      (selected) => {
        this.#select(id, selected);
        this.#update();
      },
      () => this.revoke([id]),
    );
    this.#rows.set(id, row);
    return row;
  }
}

function isEqual(a: Shown | undefined, b: Shown): boolean {
  return a?.token === b.token && a.mark === b.mark && a.selected === b.selected && a.scale === b.scale;
}

function readQuery(): Query {
  const state = states.find(({ input }) => input.checked)?.input.value as Query["state"];
  return { text: search.value, state, clientId: app.value, sort: sort.value as Query["sort"] };
}

/** Puts rows in order. The focus stays where it is, or goes to the row that takes its row's place. */
function place(rows: readonly HTMLElement[]): void {
  const focused = document.activeElement as HTMLElement | null;
  const from = [...list.children].findIndex((row) => row.contains(focused));
  list.replaceChildren(...rows);
  if (from < 0) return;
  const next =
    rows[Math.min(from, rows.length - 1)]?.querySelector<HTMLElement>(":scope > button") ?? byId("tokens-title");
  (focused?.isConnected ? focused : next).focus({ preventScroll: true });
}

let appsShown = "";

function showApps(clientIds: readonly string[]): void {
  const key = JSON.stringify(clientIds);
  if (key === appsShown) return;
  appsShown = key;
  const { value } = app;
  const options = clientIds.map((id) => el("option", { value: id }, plain(appName(id)).slice(0, 60)));
  app.replaceChildren(app.options[0] as HTMLOptionElement, ...options.sort((a, b) => a.text.localeCompare(b.text)));
  app.value = clientIds.includes(value) ? value : "";
}
