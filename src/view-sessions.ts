import type { Factors, Session, UserAgent } from "../gen/zitadel/session/v2/session_pb.js";
import type { ListSessionsResponse } from "../gen/zitadel/session/v2/session_service_pb.js";
import { nullPrototype } from "./null-prototype.js";
import { newestFirst, present, timeOf, toDate, type ViewOptions } from "./view.js";

/**
 * Whether somebody is signed in by a session: `active`; `expired`; or `unfinished`, where a name was given and nothing
 * else. A session that is both of the latter is `expired`.
 */
export type SessionState = "active" | "expired" | "unfinished";

/** What the user showed to sign in. `passkey` is a security key as well; `idp` another identity provider. */
export type SessionFactor = "password" | "passkey" | "idp" | "totp" | "otpSms" | "otpEmail";

/** One session as a person thinks of it: a sign-in, usually in one browser. What is not known is absent. */
export interface SessionView {
  /** What to end the session by; the claim `sid` of an id_token. */
  readonly id: string;
  readonly state: SessionState;
  /** Whether this is the caller's own session. Absent in every session where it is not known: never take that for `false`. */
  readonly isCurrent?: boolean;
  /** When the user last showed a factor; where there is none, when the session began. */
  readonly signedInAt?: Date;
  /** When the session last changed: the closest that ZITADEL tells to its last use. */
  readonly changedAt?: Date;
  /** When the session ends. Absent: never, or not known. */
  readonly expiresAt?: Date;
  readonly factors: readonly SessionFactor[];
  /** Browser, device and system in the words of the login, such as `Firefox, Linux`. */
  readonly device?: string;
  /** The browser's `user-agent` header. */
  readonly userAgent?: string;
  /** IP address that the sign-in came from, as the login was told it. */
  readonly address?: string;
}

export interface ViewSessionsOptions extends ViewOptions {
  /** Id of the caller's own session: the claim `sid` of the id_token. Default: not known. */
  readonly currentSessionId?: string | undefined;
}

/**
 * Makes a plain model for people from the answer of `SessionService.listSessions`: dates, states, the session that changed
 * last first. States are as of `now`. `isCurrent` is set where `currentSessionId` is among the sessions. Never fails on an
 * answer; a `now` that is no time is a RangeError.
 */
export function viewSessions(response: ListSessionsResponse, options: ViewSessionsOptions = {}): SessionView[] {
  const { now, currentSessionId } = nullPrototype(options);
  const ms = timeOf(now);
  const isKnown = response.sessions.some(({ id }) => id === currentSessionId);
  return response.sessions
    .map((session) => ({
      ...viewSession(session, ms),
      ...(isKnown && { isCurrent: session.id === currentSessionId }),
    }))
    .sort(newestFirst(({ changedAt }) => changedAt));
}

function viewSession({ id, factors, userAgent, ...dates }: Session, now: number): SessionView {
  const shown = factorsIn(factors);
  const times = shown.flatMap(({ verifiedAt }) => toDate(verifiedAt)?.getTime() ?? []);
  const expiresAt = toDate(dates.expirationDate);
  const isExpired = expiresAt !== undefined && expiresAt.getTime() <= now;
  return {
    id,
    state: isExpired ? "expired" : shown.length === 0 ? "unfinished" : "active",
    ...present({
      signedInAt: times.length > 0 ? new Date(Math.max(...times)) : toDate(dates.creationDate),
      changedAt: toDate(dates.changeDate),
      expiresAt,
    }),
    factors: shown.map(({ name }) => name),
    ...viewUserAgent(userAgent),
  };
}

function factorsIn({ password, webAuthN, intent, totp, otpSms, otpEmail }: Partial<Factors> = {}) {
  const factors = { password, passkey: webAuthN, idp: intent, totp, otpSms, otpEmail };
  return (Object.keys(factors) as SessionFactor[]).flatMap((name) => {
    const factor = factors[name];
    return factor ? [{ name, verifiedAt: factor.verifiedAt }] : [];
  });
}

function viewUserAgent({ description, ip, header = {} }: Partial<UserAgent> = {}) {
  const name = Object.keys(header).find((each) => each.toLowerCase() === "user-agent");
  return present({
    // ZITADEL's login leaves a gap for each part that it does not know.
    device: partsOf(description).join(", ") || undefined,
    // It splits the header at its commas.
    userAgent: (name && header[name]?.values.join(",").trim()) || undefined,
    // It passes on `x-forwarded-for`, in which each proxy adds the address that it was called from.
    address: partsOf(ip)[0],
  });
}

function partsOf(list = ""): string[] {
  return list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
