import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ListMyRefreshTokensResponse } from "../gen/zitadel/auth_pb.js";
import type { RefreshToken } from "../gen/zitadel/user_pb.js";
import { nullPrototype } from "./null-prototype.js";

/**
 * Whether an app can still use a token: `active`; `idle-expired`, where it went unused for too long; or `expired`,
 * where its whole life is over. A token that is both is `expired`.
 */
export type RefreshTokenState = "active" | "idle-expired" | "expired";

/**
 * One refresh token as a person thinks of it: this app, on one device, may stay signed in until then.
 */
export interface RefreshTokenView {
  /** What to revoke the token by. */
  readonly id: string;
  /** OAuth client id of the app that holds the token. */
  readonly clientId: string;
  readonly state: RefreshTokenState;
  /** When the user signed in. */
  readonly signedInAt?: Date;
  /** When the app last used the token; at first, when the token was issued. */
  readonly lastUsedAt?: Date;
  /** When the token ends unless the app uses it before. */
  readonly idleExpiresAt?: Date;
  /** When the token ends however often it is used. */
  readonly expiresAt?: Date;
  /** The earlier of `idleExpiresAt` and `expiresAt`. */
  readonly usableUntil?: Date;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
}

/**
 * A list of refresh tokens, plain: no bigint, no class but `Date`. `structuredClone`, `postMessage` and IndexedDB keep it
 * as it is. JSON has no dates: `viewToJson` and `viewFromJson` pass it through JSON.
 */
export interface RefreshTokensView {
  /** How many tokens the user has. */
  readonly total: number;
  /** Whether that is more than `tokens` holds: ZITADEL cuts the list at 1000, in no particular order. */
  readonly truncated: boolean;
  /** How fresh the list is: a token revoked later can still be in it. */
  readonly asOf?: Date;
  /** Most recently used first. */
  readonly tokens: readonly RefreshTokenView[];
}

export interface ViewOptions {
  /** The time that states are worked out for: a Date, or milliseconds since 1970. Default: the present. */
  readonly now?: Date | number | undefined;
}

// google.protobuf.Timestamp allows the years 1 to 9999. Its first moment is Go's zero time, by which ZITADEL says that it
// does not know a time.
const zeroSeconds = -62_135_596_800n;
const maxSeconds = 253_402_300_799n;

/** A timestamp that says nothing is none. Rounds down: nothing is shown to be usable for longer than it is. */
export function toDate(timestamp: Timestamp | undefined): Date | undefined {
  if (timestamp === undefined) return undefined;
  const { seconds, nanos } = timestamp;
  if (seconds <= zeroSeconds || seconds > maxSeconds || nanos < 0 || nanos > 999_999_999) return undefined;
  return new Date(Number(seconds) * 1_000 + Math.floor(nanos / 1_000_000));
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

/** Leaves out what is undefined, so that it is absent rather than present and empty. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The time to work out states for, in milliseconds since 1970. A RangeError for what is no time. */
export function timeOf(now: ViewOptions["now"]): number {
  const ms = Number(now ?? Date.now());
  if (Number.isNaN(ms)) throw new RangeError("now is not a time: give a valid Date");
  return ms;
}

function viewToken(token: RefreshToken, now: number): RefreshTokenView {
  const idleExpiresAt = toDate(token.idleExpiration);
  const expiresAt = toDate(token.expiration);
  const isOver = (date: Date | undefined) => date !== undefined && date.getTime() <= now;
  return {
    id: token.id,
    clientId: token.clientId,
    state: isOver(expiresAt) ? "expired" : isOver(idleExpiresAt) ? "idle-expired" : "active",
    ...present({
      signedInAt: toDate(token.authTime),
      lastUsedAt: toDate(token.details?.changeDate),
      idleExpiresAt,
      expiresAt,
      usableUntil: earlier(idleExpiresAt, expiresAt),
    }),
    scopes: [...token.scopes],
    audience: [...token.audience],
  };
}

/** Most recent first, what has no such time last; ties by id, since ZITADEL's own order is not the same twice. */
export function newestFirst<T extends { readonly id: string }>(dateOf: (each: T) => Date | undefined) {
  return (a: T, b: T): number => {
    const [timeA, timeB] = [dateOf(a)?.getTime() ?? -Infinity, dateOf(b)?.getTime() ?? -Infinity];
    if (timeA !== timeB) return timeB > timeA ? 1 : -1;
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}

/**
 * Makes a plain model for people from the answer of `listMyRefreshTokens`: dates, states, the most recently used token
 * first. States are as of `now`. A time that ZITADEL does not know (it says `0001-01-01T00:00:00Z`), or that is out of
 * range, is absent. Never fails on an answer; a `now` that is no time is a RangeError.
 */
export function viewRefreshTokens(response: ListMyRefreshTokensResponse, options: ViewOptions = {}): RefreshTokensView {
  const now = timeOf(nullPrototype(options).now);
  const tokens = response.result
    .map((token) => viewToken(token, now))
    .sort(newestFirst(({ lastUsedAt }) => lastUsedAt));
  const total = Math.max(Number(response.details?.totalResult ?? 0), tokens.length);
  return {
    total,
    truncated: total > tokens.length,
    ...present({ asOf: toDate(response.details?.viewTimestamp) }),
    tokens,
  };
}
