import type { Code } from "@connectrpc/connect";

/** An RPC that a fault can strike: one of these, or one of those that `routes` answers. */
export type FaultyMethod =
  | "GetMyUser"
  | "ListMyRefreshTokens"
  | "RevokeMyRefreshToken"
  | "RevokeAllMyRefreshTokens"
  | "ListSessions"
  | "DeleteSession"
  // Any other name, without these being lost to editors.
  | (string & {});

/** Which calls a fault strikes. Health checks, preflights and unknown paths are never struck. */
export interface FaultScope {
  /** Only calls of this RPC; by default any. */
  readonly method?: FaultyMethod | undefined;
  /** How many calls it strikes before it is used up. Default 1; `Infinity` for every call from now on. */
  readonly times?: number | undefined;
  /** How many calls it lets pass first. Default 0. */
  readonly skip?: number | undefined;
}

/** ZITADEL answers with an error. */
export interface StatusFault extends FaultScope {
  readonly kind: "status";
  readonly code: Code;
  /** The error's text; by default the name of the code. */
  readonly message?: string | undefined;
  /** ZITADEL's error id, such as `LIMITS-molsj`. With one the answer carries `zitadel.v1.ErrorDetail`. */
  readonly id?: string | undefined;
  /** Sent beside the status, for example `{ "grpc-retry-pushback-ms": "200" }`: trailers in gRPC and gRPC-Web, headers in REST. */
  readonly trailers?: Readonly<Record<string, string>> | undefined;
}

/** The call is held up, then goes on: to the next fault, or to its answer. Past its `grpc-timeout` it ends as DeadlineExceeded. */
export interface DelayFault extends FaultScope {
  readonly kind: "delay";
  readonly ms: number;
  /**
   * What takes so long. In ZITADEL's authorization a `grpc-timeout` that ends is told as PermissionDenied AUTH-Bs7Ds,
   * although no organisation was asked for.
   */
  readonly during?: "authorization" | undefined;
}

/** Nothing more is heard, whatever the call's deadline says, until the client gives up or the server closes. */
export interface HangFault extends FaultScope {
  readonly kind: "hang";
  /** Let the response headers out first. Default false. */
  readonly afterHeaders?: boolean | undefined;
}

/** The call breaks off: RST_STREAM over HTTP/2, a reset TCP connection over HTTP/1.1. */
export interface ResetFault extends FaultScope {
  readonly kind: "reset";
  /** HTTP/2 error code. Default 2, INTERNAL_ERROR. */
  readonly errorCode?: number | undefined;
  /** Send the response headers and so many bytes of the body first; by default nothing. */
  readonly afterBytes?: number | undefined;
}

/** The connection is lost, with every call on it. */
export interface DisconnectFault extends FaultScope {
  readonly kind: "disconnect";
}

/** The server is about to stop: GOAWAY, without taking this call. Over HTTP/1.1 the connection closes unanswered. */
export interface GoawayFault extends FaultScope {
  readonly kind: "goaway";
  /** HTTP/2 error code. Default 0, NO_ERROR. */
  readonly errorCode?: number | undefined;
}

/** The server does not take this call: RST_STREAM(REFUSED_STREAM). Over HTTP/1.1 the connection closes unanswered. */
export interface RefusedStreamFault extends FaultScope {
  readonly kind: "refused-stream";
}

/** A proxy in front of ZITADEL answers with a page. */
export interface HtmlFault extends FaultScope {
  readonly kind: "html";
  /** Default 502. */
  readonly status?: number | undefined;
}

/** A proxy in front of ZITADEL answers 429 with `Retry-After`. */
export interface RateLimitFault extends FaultScope {
  readonly kind: "rate-limit";
  /** Whole seconds, as the header wants them. */
  readonly retryAfterSeconds: number;
}

/** The access token is refused as though it had just expired (Unauthenticated, AUTH-7fs1e). The next call with it passes. */
export interface ExpiredOnceFault extends FaultScope {
  readonly kind: "expired-once";
}

/**
 * The event store refuses the change, since another one took its sequence: Unknown, `events2_pkey` in the text, and nothing
 * is done. So ZITADEL 2.44 answers a fifth of the revokes that run at a time. Strikes revokes only.
 */
export interface CollisionFault extends FaultScope {
  readonly kind: "collision";
}

/** The answer ends early, and neatly as far as HTTP is concerned: its body is cut, and trailers are missing. */
export interface TruncatedFault extends FaultScope {
  readonly kind: "truncated";
  /** How many bytes of the body are sent. Default: half of them. */
  readonly bytes?: number | undefined;
}

/** Lists still hold what this call revokes, for so long. Strikes revokes only. */
export interface LagFault extends FaultScope {
  readonly kind: "lag";
  readonly ms: number;
}

/**
 * Something to go wrong, told apart by `kind`. Faults strike in the order in which they were added; `delay` and
 * `lag` let the call go on, so that a following fault can strike the same call.
 */
export type Fault =
  | StatusFault
  | DelayFault
  | HangFault
  | ResetFault
  | DisconnectFault
  | GoawayFault
  | RefusedStreamFault
  | HtmlFault
  | RateLimitFault
  | ExpiredOnceFault
  | CollisionFault
  | TruncatedFault
  | LagFault;

/** How a field of a fault is written as text: a gRPC code, a number, `true`, anything, or one of some words. */
export type FaultValue = "CODE" | "COUNT" | "true" | "TEXT" | readonly string[];

/** What there is to know of a kind of fault, for whoever reads one from text or tells of it. */
export interface FaultKind {
  /** For people: what the call meets. */
  readonly does: string;
  /** The fields without which it is none; those that are numbers are 0 or more. */
  readonly needs?: Readonly<Record<string, FaultValue>>;
  /** The other fields that text can give. */
  readonly takes?: Readonly<Record<string, FaultValue>>;
  /** Lets the call go on, so that the next fault can strike it too. */
  readonly goesOn?: true;
  /** Strikes only calls that change something, unless a method is named. */
  readonly ofChanges?: true;
}

/** Every kind of fault: queue, command line and help are made of this. */
export const faultKinds: Readonly<Record<Fault["kind"], FaultKind>> = {
  status: { does: "an error", needs: { code: "CODE" }, takes: { message: "TEXT", id: "TEXT" } },
  delay: {
    does: "the call is held up, then goes on",
    needs: { ms: "COUNT" },
    takes: { during: ["authorization"] },
    goesOn: true,
  },
  hang: { does: "no answer", takes: { afterHeaders: "true" } },
  reset: { does: "the call breaks off", takes: { errorCode: "COUNT", afterBytes: "COUNT" } },
  disconnect: { does: "the connection breaks off" },
  goaway: { does: "the server takes no more calls", takes: { errorCode: "COUNT" } },
  "refused-stream": { does: "the server does not take the call" },
  html: { does: "a proxy answers with a page", takes: { status: "COUNT" } },
  "rate-limit": { does: "a proxy answers 429", needs: { retryAfterSeconds: "COUNT" } },
  "expired-once": { does: "the access token is refused once" },
  collision: { does: "another change took this one's sequence", ofChanges: true },
  truncated: { does: "the answer is cut", takes: { bytes: "COUNT" } },
  lag: { does: "lists still hold what this call revokes", needs: { ms: "COUNT" }, goesOn: true, ofChanges: true },
};
