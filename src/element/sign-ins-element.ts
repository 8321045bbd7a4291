import { endSignIns, listSignIns, type SignIn, type SignInsView, type UserClient } from "../public.js";
import { type Card, type CardContext, createCard } from "./card.js";
import { plain, setText, show } from "./dom.js";
import { nameOf } from "./names.js";
import { createParts, type Group, type Parts } from "./parts.js";
import { type Problem, problemOf } from "./problem.js";
import { ask, isHere } from "./question.js";
import { english, type SignInsTexts } from "./texts.js";
import { createScale } from "./timeline.js";
import { timesIn } from "./times.js";

/** What ended: `detail.signIns`. If the sign-in in use is among them, the app's token has ended with it. */
export type SignedOutEvent = CustomEvent<{ readonly signIns: readonly SignIn[] }>;
/** What a call rejected with: `detail.error`. */
export type SignInsErrorEvent = CustomEvent<{ readonly error: unknown }>;

/** The element's properties and events, for JSX: React 19 sets and listens to them by these names. */
export interface SignInsProps {
  client?: UserClient | undefined;
  apps?: Readonly<Record<string, string>> | undefined;
  texts?: Partial<SignInsTexts> | undefined;
  currentSessionId?: string | undefined;
  currentIdToken?: string | undefined;
  onsignedout?: (event: SignedOutEvent) => void;
  onerror?: (event: SignInsErrorEvent) => void;
}

// So that a server can import an app that uses the element.
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);
// From so many rows on one looks for something.
const searchableRows = 8;
const sentences = (...texts: readonly (string | false)[]) => texts.filter(Boolean).join(" ");
const isHidden = ({ element }: Card) => element.hidden;
const properties = ["client", "apps", "texts", "currentSessionId", "currentIdToken"] as const;

/**
 * Shows where the user of `client` is signed in, and ends what they choose. Register it under a name of your own:
 * `customElements.define("zitadel-sign-ins", SignInsElement)`, and set `client`. It makes no requests but those of
 * `listSignIns` and `endSignIns`, and fires `signedout` and `error`.
 */
export class SignInsElement extends Base {
  declare addEventListener: HTMLElement["addEventListener"] &
    ((type: "signedout", listener: (event: SignedOutEvent) => void, options?: AddEventListenerOptions) => void);

  #client: UserClient | undefined;
  #apps: Readonly<Record<string, string>> = {};
  #texts: SignInsTexts = english;
  #currentSessionId: string | undefined;
  #currentIdToken: string | undefined;
  #view: SignInsView | undefined;
  #problem: Problem | undefined;
  #notice = "";
  #isLoading = false;
  #isSignedOut = false;
  // Ends the list that is loading when the next one starts, or when the element leaves the page.
  #listing = new AbortController();
  #queued: Promise<void> | undefined;
  // By id: what ends now, what has ended although it may still be listed, and what could not be ended.
  readonly #busy = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #mistakes = new Map<string, string>();
  readonly #cards = new Map<string, Card>();
  #parts: Parts | undefined;
  #clock: ReturnType<typeof setInterval> | undefined;

  /** What `createAuthClient` or its `withToken` returned. Set to another one, it shows that user. */
  get client(): UserClient | undefined {
    return this.#client;
  }
  set client(client: UserClient | undefined) {
    if (client === this.#client) return;
    this.#listing.abort();
    this.#client = client;
    this.#view = this.#problem = undefined;
    this.#isLoading = this.#isSignedOut = false;
    this.#notice = "";
    for (const known of [this.#busy, this.#ended, this.#mistakes, this.#cards]) known.clear();
    this.#render();
    void this.refresh();
  }

  /** Names of apps by client id. Default: `App …` and the last four digits. */
  get apps(): Readonly<Record<string, string>> {
    return this.#apps;
  }
  set apps(apps: Readonly<Record<string, string>> | undefined) {
    this.#apps = apps ?? {};
    this.#render();
  }

  /** Texts in place of the English ones: any of them. */
  get texts(): SignInsTexts {
    return this.#texts;
  }
  set texts(texts: Partial<SignInsTexts> | undefined) {
    this.#texts = { ...english, ...texts };
    this.#render();
  }

  /** The `sid` of the app's id_token, or the id_token itself. Either tells which sign-in is in use. */
  get currentSessionId(): string | undefined {
    return this.#currentSessionId;
  }
  set currentSessionId(id: string | undefined) {
    this.#currentSessionId = id;
    void this.refresh();
  }
  get currentIdToken(): string | undefined {
    return this.#currentIdToken;
  }
  set currentIdToken(idToken: string | undefined) {
    this.#currentIdToken = idToken;
    void this.refresh();
  }

  connectedCallback(): void {
    // What was set before the element was registered hides the properties above.
    for (const name of properties) {
      if (!Object.hasOwn(this, name)) continue;
      const { [name]: value } = this as Record<string, unknown>;
      delete (this as Record<string, unknown>)[name];
      Object.assign(this, { [name]: value });
    }
    this.#parts ??= this.#createParts();
    // "5 minutes ago" does not stay true.
    this.#clock = setInterval(() => this.#render(), 60_000);
    void this.refresh();
    this.#render();
  }

  disconnectedCallback(): void {
    clearInterval(this.#clock);
    this.#listing.abort();
  }

  #createParts(): Parts {
    const parts = createParts(this.attachShadow({ mode: "open" }));
    parts.again.addEventListener("click", () => void this.refresh());
    parts.others.addEventListener("click", () => void this.#endOthers());
    parts.tools.addEventListener("input", () => this.#filter(parts));
    return parts;
  }

  /** Lists again. Settles when the element shows the list, or a later call took its place; never rejects. */
  refresh(): Promise<void> {
    // Properties are set one after the other: one list shows them all.
    this.#queued ??= Promise.resolve().then(() => {
      this.#queued = undefined;
      return this.#list();
    });
    return this.#queued;
  }

  async #list(): Promise<void> {
    const client = this.#client;
    if (!client || !this.isConnected || this.#isSignedOut) return;
    this.#listing.abort();
    this.#listing = new AbortController();
    const { signal } = this.#listing;
    this.#isLoading = true;
    this.#render();
    try {
      const current = { currentSessionId: this.#currentSessionId, currentIdToken: this.#currentIdToken };
      const view = await listSignIns(client, { ...current, signal });
      if (signal.aborted) return;
      this.#view = view;
      this.#problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error);
    }
    this.#isLoading = false;
    this.#render();
  }

  #fail(error: unknown): void {
    this.#problem = problemOf(error, this.#texts);
    this.dispatchEvent(new CustomEvent("error", { detail: { error } }) satisfies SignInsErrorEvent);
  }

  get #signIns(): readonly SignIn[] {
    return (this.#view?.signIns ?? []).filter(({ id }) => !this.#ended.has(id));
  }

  async #endOthers(): Promise<void> {
    const all = this.#signIns;
    // Where nobody can know which one is in use, the person says what stays.
    await this.#askAndEnd(
      all.filter((each) => !isHere(each)),
      !all.some(isHere),
    );
  }

  async #askAndEnd(signIns: readonly SignIn[], mayKeep: boolean): Promise<void> {
    const client = this.#client as UserClient;
    const naming = { texts: this.#texts, apps: this.#apps };
    const chosen = await ask(this.shadowRoot as ShadowRoot, { signIns, mayKeep, ...naming });
    // The answer is about the user who was shown then.
    if (chosen.length > 0 && client === this.#client) await this.#end(client, chosen);
  }

  async #end(client: UserClient, signIns: readonly SignIn[]): Promise<void> {
    for (const { id } of signIns) {
      this.#busy.add(id);
      this.#mistakes.delete(id);
    }
    this.#render();
    try {
      const { ended, alreadyGone, failed } = await endSignIns(client, signIns);
      if (client !== this.#client) return;
      const gone = new Set([...ended, ...alreadyGone]);
      for (const id of gone) this.#ended.add(id);
      for (const { id, error } of failed) this.#mistakes.set(id, problemOf(error, this.#texts).text);
      this.#tell(signIns, gone);
      if (failed[0]) this.#fail(failed[0].error);
    } catch (error) {
      if (client === this.#client) this.#fail(error);
    }
    for (const { id } of signIns) this.#busy.delete(id);
    this.#render();
    await this.refresh();
  }

  #tell(signIns: readonly SignIn[], gone: ReadonlySet<string>): void {
    const texts = this.#texts;
    const [done, kept] = [signIns.filter(({ id }) => gone.has(id)), signIns.filter(({ id }) => !gone.has(id))];
    this.#isSignedOut = done.some(isHere);
    this.#notice = sentences(
      done.length > 0 && texts.signedOutOf(this.#namesOf(done)),
      kept.length > 0 && texts.notSignedOutOf(this.#namesOf(kept)),
      this.#isSignedOut && texts.signedOutHere,
    );
    if (done.length > 0) {
      const init = { bubbles: true, composed: true, detail: { signIns: done } };
      this.dispatchEvent(new CustomEvent("signedout", init) satisfies SignedOutEvent);
    }
  }

  #namesOf(signIns: readonly SignIn[]): string[] {
    return signIns.map((each) => plain(nameOf(each, { texts: this.#texts, apps: this.#apps })));
  }

  #render(): void {
    const parts = this.#parts;
    if (!parts) return;
    const texts = this.#texts;
    const view = this.#isSignedOut ? undefined : this.#view;
    const all = view ? this.#signIns : [];
    const others = all.filter((each) => !isHere(each));
    const isAlone = others.length === 0 || (others.length === all.length && all.length < 2);
    setText(parts.notice, this.#notice);
    show(parts.problem, this.#problem?.text);
    show(parts.again, this.#problem?.mayHelp && texts.tryAgain);
    parts.root.setAttribute("aria-busy", String(this.#isLoading));
    show(parts.hint, view && this.#hint(view));
    show(parts.others, !isAlone && texts.signOutEverywhereElse);
    parts.tools.hidden = all.length < searchableRows;
    setText(parts.searchLabel, texts.search);
    setText(parts.stateLabel, texts.state);
    const states = [texts.anyState, ...Object.values(texts.states)];
    for (const [at, name] of states.entries()) setText(parts.state.options[at] as Node, name);
    const context = this.#context();
    const ofKind = (kind: SignIn["kind"]) => others.filter((each) => each.kind === kind);
    this.#place(parts.here, texts.thisDevice, all.filter(isHere), context);
    this.#place(parts.devices, texts.otherDevices, ofKind("session"), context);
    this.#place(parts.apps, view?.sessions ? texts.apps : texts.onlyApps, ofKind("refreshToken"), context);
    this.#filter(parts);
  }

  /** Hides what the person does not look for. Draws nothing anew, so that typing stays quick. */
  #filter({ here, devices, apps, search, state, tools, blank }: Parts): void {
    const words = tools.hidden ? [] : search.value.toLowerCase().split(/\s+/);
    const others = [...devices.cards, ...apps.cards];
    for (const { element, fits } of others) element.hidden = !fits(words, tools.hidden ? "" : state.value);
    for (const { section, cards } of [here, devices, apps]) section.hidden = cards.every(isHidden);
    const texts = this.#texts;
    const isEmpty = here.cards.length + others.length === 0;
    const isLoading = this.#isLoading && !this.#view;
    blank.classList.toggle("loading", isLoading);
    if (isLoading) show(blank, texts.loading);
    else if (isEmpty) show(blank, this.#view && !this.#isSignedOut && texts.none);
    else show(blank, others.length > 0 && others.every(isHidden) && texts.noMatch);
  }

  #hint(view: SignInsView): string {
    const texts = this.#texts;
    const { truncated, tokens, total } = view.tokens;
    return sentences(
      ...view.incomplete.map((code) => texts.incomplete[code]),
      truncated && texts.truncated(tokens.length, total),
      this.#ended.size > 0 && texts.mayLag,
    );
  }

  #context(): CardContext {
    const now = Date.now();
    const language = this.closest("[lang]")?.getAttribute("lang") ?? globalThis.navigator.language;
    return {
      texts: this.#texts,
      apps: this.#apps,
      times: timesIn(language),
      now,
      scale: createScale(this.#view?.tokens.tokens ?? [], now),
      busy: this.#busy,
      mistakes: this.#mistakes,
    };
  }

  /** Puts these into a group. The focus stays where it is, or goes to the card that takes its card's place. */
  #place(group: Group, title: string, signIns: readonly SignIn[], context: CardContext): void {
    const { heading, list } = group;
    setText(heading, title);
    const cards = signIns.map((signIn) => {
      const card =
        this.#cards.get(signIn.id) ?? createCard(signIn, context, (each) => void this.#askAndEnd([each], false));
      this.#cards.set(signIn.id, card);
      card.update(signIn, context);
      return card;
    });
    group.cards = cards;
    if (cards.length === list.children.length && cards.every(({ element }, at) => element === list.children[at]))
      return;
    const focused = this.shadowRoot?.activeElement;
    const from = [...list.children].findIndex((row) => row.contains(focused ?? null));
    list.replaceChildren(...cards.map(({ element }) => element));
    if (from < 0 || !focused) return;
    if (focused.isConnected) (focused as HTMLElement).focus();
    else (cards[Math.min(from, cards.length - 1)]?.element.querySelector("button") ?? this.#parts?.notice)?.focus();
  }
}
