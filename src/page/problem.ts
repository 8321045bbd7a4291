import { Code, ConnectError, getErrorInfo } from "../web.js";
import { plain } from "./dom.js";

/** A failure in words for people: what it is, and what to do. */
export interface Problem {
  readonly title: string;
  readonly remedy: string;
  /** What a person might do about it here, besides trying again. */
  readonly action?: "other-token" | "to-grpc-web";
  /** Whether it is no more than what the browser says itself: that there is no network. */
  readonly offline?: boolean;
  readonly facts: readonly (readonly [name: string, value: string | undefined])[];
}

type Words = Omit<Problem, "facts">;

const retry = "Try again in a moment.";

const byId: Record<string, Words> = {
  "AUTH-7fs1e": {
    title: "The access token is no longer accepted",
    remedy:
      "It has expired, was revoked, or lacks the scope urn:zitadel:iam:org:project:id:zitadel:aud; ZITADEL does not tell " +
      "which. Revoking a refresh token also ends the access token that came with it: was it this page's own? Use a new one.",
    action: "other-token",
  },
  "AUTH-DZG21": {
    title: "ZITADEL refuses REST from this page",
    remedy: `The app that the token belongs to does not list ${globalThis.location?.origin} among its additional origins. Add it, use a personal access token, or switch to gRPC-Web, which does not check.`,
    action: "to-grpc-web",
  },
  "AUTHZ-Kl3p0": {
    title: "A second factor is missing",
    remedy: "Sign in again with all factors, and use the new token.",
    action: "other-token",
  },
  "LIMITS-molsj": { title: "The instance is blocked", remedy: "Ask who runs it." },
  "QUOTA-vjAy8": { title: "The instance's quota is used up", remedy: "Ask who runs it." },
  "COMMAND-BHt2w": {
    title: "The token is gone",
    remedy: "It was revoked, has ended, or its user has signed out. ZITADEL may go on listing it.",
  },
};

const byReason: Record<string, Words> = {
  "network-or-cors": {
    title: "The instance cannot be reached",
    remedy:
      "Check the URL and the network. A page sees the same where the server refuses it by CORS: ZITADEL allows every " +
      "origin, a proxy in front of it may not.",
  },
  "unexpected-content-type": {
    title: "Something that is not ZITADEL's API answered",
    remedy: "Is the URL that of the instance, and not of its console or of a proxy?",
  },
  "redirect-refused": { title: "The URL redirects", remedy: "Use the URL that it leads to." },
};

const byCode: Partial<Record<Code, Words>> = {
  [Code.Unauthenticated]: {
    title: "The access token is not accepted",
    remedy: "Sign in again, and use the new token.",
    action: "other-token",
  },
  [Code.PermissionDenied]: { title: "This is not allowed", remedy: "The token's user may not do this." },
  [Code.DeadlineExceeded]: { title: "No answer in time", remedy: `The server or the network is slow. ${retry}` },
  [Code.Unavailable]: { title: "ZITADEL is not available", remedy: `It was asked several times. ${retry}` },
  [Code.ResourceExhausted]: { title: "Too much was asked", remedy: retry },
  [Code.NotFound]: { title: "ZITADEL does not know this address", remedy: "Is the URL the domain of the instance?" },
};

/** Finds the words for what a call rejected with. */
export function describe(error: unknown): Problem {
  const { code, rawMessage } = ConnectError.from(error);
  const { id, reason, attempts, httpStatus, fromServer } = getErrorInfo(error);
  // No gRPC client gets these from ZITADEL: it answers 200, and REST has its own JSON with them.
  const gateway = !fromServer && httpStatus !== undefined && httpStatus >= 502 && httpStatus <= 504;
  const offline = reason === "network-or-cors" && globalThis.navigator?.onLine === false;
  const words: Words = (offline && { title: "You are offline", remedy: "Try again when you are back.", offline }) ||
    (id && byId[id]) ||
    (gateway && {
      title: "A proxy answered instead of ZITADEL",
      remedy: `It cannot reach ZITADEL right now. ${retry}`,
    }) ||
    (reason && byReason[reason]) ||
    byCode[code] || { title: "The call failed", remedy: retry };
  return {
    ...words,
    facts: [
      ["Code", Code[code]],
      ["ZITADEL's id", id],
      ["Reason", reason],
      ["HTTP status", httpStatus?.toString()],
      ["Attempts", attempts.toString()],
      ["Message", rawMessage],
    ],
  };
}

/** The same in one line. */
export function summarize(error: unknown): string {
  if (!(error instanceof ConnectError)) return (error as Error).message;
  const { title, remedy, facts } = describe(error);
  const codes = facts.slice(0, 2).flatMap(([, value]) => value ?? []);
  return `${title} (${plain(codes.join(", "))}). ${remedy}`;
}
