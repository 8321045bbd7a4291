import type { Code } from "@connectrpc/connect";

/** The RPCs that a fault can strike. */
export type FaultyMethod = "ListMyRefreshTokens" | "RevokeMyRefreshToken" | "RevokeAllMyRefreshTokens";

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
  | TruncatedFault
  | LagFault;
