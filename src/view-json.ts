import type { SignInsView } from "./sign-ins.js";
import type { RefreshTokensView, RefreshTokenView } from "./view.js";
import type { SessionView } from "./view-sessions.js";

/** The same as JSON has it: each time is a string. */
type Json<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? readonly Json<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Json<T[K]> }
      : T;

/** A token of a view as JSON has it: each time is a string such as `2025-08-01T08:45:00.123Z`. */
export type RefreshTokenJson = Json<RefreshTokenView>;

/** A view as JSON has it: what `viewToJson` makes, and what comes back from `JSON.parse(JSON.stringify(view))`. */
export type RefreshTokensJson = Json<RefreshTokensView>;

/** A session of a view as JSON has it. */
export type SessionJson = Json<SessionView>;

/** What `listSignIns` returns as JSON has it. */
export type SignInsJson = Json<SignInsView>;

/**
 * Makes a view of `viewRefreshTokens`, `viewSessions` or `listSignIns` plain, with each time as a string, for where a `Date`
 * is refused or comes back as a string: persisted stores, Redux, `getServerSideProps` of Next.js, the body of an HTTP
 * answer. `viewFromJson` reads it back.
 */
export function viewToJson(view: RefreshTokensView): RefreshTokensJson;
export function viewToJson(view: SignInsView): SignInsJson;
export function viewToJson(view: readonly SessionView[]): readonly SessionJson[];
export function viewToJson(view: unknown): unknown {
  return JSON.parse(JSON.stringify(view));
}

/**
 * Reads back a view that went through JSON: times are `Date`s again. A `state` stays what it was when the view was made;
 * `usableUntil` and `expiresAt` tell what it is now. A TypeError for what is no such view.
 */
export function viewFromJson(json: RefreshTokensJson): RefreshTokensView;
export function viewFromJson(json: SignInsJson): SignInsView;
export function viewFromJson(json: readonly SessionJson[]): readonly SessionView[];
export function viewFromJson(json: unknown): unknown {
  const { tokens, signIns } = (json ?? {}) as Partial<SignInsJson> & Partial<RefreshTokensJson>;
  if (![json, tokens, signIns].some((list) => Array.isArray(list))) {
    throw new TypeError("viewFromJson: this is no view, since it has no list of tokens, sessions or sign-ins");
  }
  return withDates(json);
}

const dateNames: ReadonlySet<string> = new Set([
  "asOf",
  "signedInAt",
  "lastUsedAt",
  "changedAt",
  "idleExpiresAt",
  "expiresAt",
  "usableUntil",
]);

/** A copy in which times are dates. */
function withDates(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withDates);
  if (typeof json !== "object" || json === null) return json;
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, dateNames.has(name) ? dateOf(name, value) : withDates(value)]),
  );
}

function dateOf(name: string, text: unknown): Date {
  const date = new Date(typeof text === "string" ? text : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new TypeError(`viewFromJson: ${name} is no time such as viewToJson writes`);
  return date;
}
