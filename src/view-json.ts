import type { RefreshTokensView, RefreshTokenView } from "./view.js";

type Json<T> = { readonly [K in keyof T]: T[K] extends Date | undefined ? string : T[K] };

/** A token of a view as JSON has it: each time is a string such as `2025-08-01T08:45:00.123Z`. */
export interface RefreshTokenJson extends Json<RefreshTokenView> {}

/** A view as JSON has it: what `viewToJson` makes, and what comes back from `JSON.parse(JSON.stringify(view))`. */
export interface RefreshTokensJson extends Json<Omit<RefreshTokensView, "tokens">> {
  readonly tokens: readonly RefreshTokenJson[];
}

/**
 * Makes a view plain, with each time as a string, for where a `Date` is refused or comes back as a string: persisted
 * stores, Redux, `getServerSideProps` of Next.js, the body of an HTTP answer. `viewFromJson` reads it back.
 */
export function viewToJson(view: RefreshTokensView): RefreshTokensJson {
  return JSON.parse(JSON.stringify(view)) as RefreshTokensJson;
}

/**
 * Reads back a view that went through JSON: times are `Date`s again. A token's `state` stays what it was when the view
 * was made; `usableUntil` tells what it is now. A TypeError for what is no such view.
 */
export function viewFromJson(json: RefreshTokensJson): RefreshTokensView {
  if (!Array.isArray(json?.tokens))
    throw new TypeError("viewFromJson: this is no view, since it has no list of tokens");
  const tokens: readonly RefreshTokenJson[] = json.tokens;
  return {
    ...withDates(json, ["asOf"]),
    tokens: tokens.map((token) =>
      withDates(token, ["signedInAt", "lastUsedAt", "idleExpiresAt", "expiresAt", "usableUntil"]),
    ),
  };
}

/** A copy of `json` in which the named times that it has are dates. */
function withDates<T extends object, K extends keyof T & string>(
  json: T,
  names: K[],
): Omit<T, K> & { [N in K]?: Date } {
  const dates: { [N in K]?: Date } = {};
  for (const name of names.filter((each) => each in json)) {
    const text: unknown = json[name];
    const date = new Date(typeof text === "string" ? text : Number.NaN);
    if (Number.isNaN(date.getTime())) throw new TypeError(`viewFromJson: ${name} is no time such as viewToJson writes`);
    dates[name] = date;
  }
  return { ...json, ...dates };
}
