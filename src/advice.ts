import { Code } from "@connectrpc/connect";
import type { ErrorInfo } from "./errors.js";

/** What an error means for people, and what they can do about it. Nothing of the library imports this file. */
export interface Advice {
  /** What it is about: ids of ZITADEL's, HTTP statuses of what is no ZITADEL, reasons, and codes. */
  readonly keys: readonly string[];
  readonly title: string;
  /** What to do about it, as a clause or a question. Default: the hint that the library has for it. */
  readonly remedy?: string | ((call: FailedCall) => string);
  /** The same in a page, where that differs. ORIGIN is the page's. */
  readonly remedyInPage?: string;
  /** What doctor calls it. Default `error`. */
  readonly verdict?: CallVerdict;
  /** Whether another protocol may get through. */
  readonly otherProtocol?: true;
  /** Whether the error's own message says as much, so that the command does not. */
  readonly isInMessage?: true;
  /** What a person can do about it in the page, besides trying again. */
  readonly action?: "other-token" | "to-grpc-web";
}

/** What can be wrong with calls. Stable: programs that read doctor's JSON may compare it. */
export type CallVerdict =
  | "error"
  | "grpc-refused"
  | "http-redirect"
  | "http-web-page"
  | "http1-only"
  | "not-found"
  | "not-serving"
  | "slow"
  | "token-refused"
  | "unknown-instance";

/** A call that failed, as far as it makes a difference to what to do. */
export interface FailedCall {
  readonly url: string;
  readonly protocol: "grpc" | "grpc-web" | "rest";
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The scope that puts ZITADEL's own project into the audience of a token. */
export const audienceScope = "urn:zitadel:iam:org:project:id:zitadel:aud";

export const signInAgain = "get a new one: refresh it, or sign in again";

/** Each key is in one row. */
export const allAdvice: readonly Advice[] = [
  {
    keys: ["AUTH-7fs1e"],
    title: "The access token is no longer accepted",
    remedyInPage:
      `it has expired, was revoked, or lacks the scope ${audienceScope}; ZITADEL does not tell which. Revoking a refresh ` +
      "token also ends the access token that came with it: was it this page's own? Use a new one",
    verdict: "token-refused",
    action: "other-token",
  },
  {
    keys: ["AUTH-DZG21"],
    title: "ZITADEL refuses REST from this page",
    remedyInPage:
      "the app that the token belongs to does not list ORIGIN among its additional origins. Add it, use a personal access " +
      "token, or switch to gRPC-Web, which does not check",
    action: "to-grpc-web",
  },
  {
    keys: ["APP-wai8O", "APP-Shi0J"],
    title: "This token acts for somebody else",
    remedy: "this token was made to act as somebody else, which this API refuses: sign in as the user",
    verdict: "token-refused",
    action: "other-token",
  },
  {
    keys: ["AUTHZ-Kl3p0"],
    title: "A second factor is missing",
    remedy: "the session of this token lacks a factor: sign in again with all of them, and use the new token",
    verdict: "token-refused",
    action: "other-token",
  },
  {
    keys: ["AUTH-toLo1"],
    title: "The access token did not arrive as it was sent",
    remedy: "a proxy may have changed the authorization header",
  },
  {
    keys: ["AUTH-Bs7Ds"],
    title: "There is no such organization",
    remedy: "there is no organization with the id of --org",
  },
  { keys: ["LIMITS-molsj"], title: "The instance is blocked", remedy: "ask who runs it" },
  { keys: ["QUOTA-vjAy8"], title: "The instance's quota is used up", remedy: "ask who runs it" },
  {
    keys: ["COMMAND-BHt2w", "COMMAND-Gfj42"],
    title: "The token is gone",
    remedy: "it was revoked before, has ended, or is not yours; ZITADEL may go on listing it",
  },
  { keys: ["AUTHZ-cdgFk"], title: "The session is gone", remedy: "it was ended before, or is not yours" },
  { keys: ["GRPC-Sfefs"], title: "A query looks for nothing", remedy: "say what to look for in each query" },
  {
    keys: ["QUERY-1kIjX"],
    title: "ZITADEL has no instance of this name",
    remedy: hostRemedy,
    remedyInPage: "is the URL the domain of the instance?",
    verdict: "unknown-instance",
  },
  { keys: ["http-400", "http-407"], title: "A proxy answered instead of ZITADEL" },
  { keys: ["http-404"], title: "A proxy does not know this address", verdict: "not-found", otherProtocol: true },
  {
    // 464: AWS's load balancers, to a target of another protocol version. 525 to 530: Cloudflare.
    keys: ["403", "464", "525", "526", "527", "528", "529", "530"].map((status) => `http-${status}`),
    title: "Something in front of ZITADEL refuses the call",
    remedy: ({ protocol }) =>
      protocol === "grpc"
        ? "something in front of ZITADEL refuses gRPC: let it pass application/grpc over HTTP/2"
        : "something in front of ZITADEL refuses the call: ask who runs the firewall, the CDN or the load balancer",
    verdict: "grpc-refused",
    otherProtocol: true,
  },
  {
    keys: ["http-502", "http-503", "http-504"],
    title: "A proxy answered instead of ZITADEL",
    remedy: "it cannot reach ZITADEL right now: try again in a moment",
    verdict: "not-serving",
  },
  {
    keys: ["network-or-cors", "dns", "connect-refused", "tls", "tls-expired", "tls-hostname", "tls-untrusted"],
    title: "The instance cannot be reached",
    remedy: "check the URL and the network",
    remedyInPage:
      "check the URL and the network. A page sees the same where the server refuses it by CORS: ZITADEL allows every " +
      "origin, a proxy in front of it may not",
    isInMessage: true,
  },
  {
    keys: ["not-h2"],
    title: "No HTTP/2 is spoken there",
    remedy: "make the proxy pass HTTP/2 on (nginx: grpc_pass, Traefik: h2c), if it is not another service's port",
    verdict: "http1-only",
    otherProtocol: true,
  },
  {
    keys: ["redirect-refused"],
    title: "The URL redirects",
    remedy: "use the URL that it leads to, which zitadel-refresh-tokens doctor tells",
    remedyInPage: "use the URL that it leads to",
    verdict: "http-redirect",
  },
  {
    keys: ["unexpected-content-type"],
    title: "Something that is not ZITADEL's API answered",
    remedy:
      "is it a website, a sign-in page or a firewall in front of ZITADEL? zitadel-refresh-tokens doctor finds out",
    remedyInPage: "is the URL that of the instance, and not of its console or of a proxy?",
    verdict: "http-web-page",
  },
  {
    keys: ["connection-lost", "truncated", "rst", "missing-trailers", "empty-response", "trailers-not-last"],
    title: "The answer was cut",
    remedy: "does a firewall or a proxy cut connections or drop trailers, or did the server stop?",
    verdict: "not-serving",
    otherProtocol: true,
    isInMessage: true,
  },
  {
    keys: ["bad-http", "bad-status", "decompress", "parse", "parse-json", "unsafe-integer", "response-too-large"],
    title: "The answer cannot be read",
    remedy: "does a proxy change answers? Report it to who runs the server, with the message",
    isInMessage: true,
  },
  {
    keys: ["Unauthenticated", "token-invalid", "token-provider"],
    title: "The access token is not accepted",
    remedy: signInAgain,
    verdict: "token-refused",
    action: "other-token",
  },
  {
    keys: ["PermissionDenied"],
    title: "This is not allowed",
    remedy: "the token's user may not do this",
    verdict: "token-refused",
  },
  {
    keys: ["DeadlineExceeded", "connect-timeout"],
    title: "No answer in time",
    remedy: "is the server overloaded, or the network slow? Try again in a moment",
    verdict: "slow",
    isInMessage: true,
  },
  {
    keys: ["Unavailable"],
    title: "ZITADEL is not available",
    remedy: "does it run? Try again in a moment",
    verdict: "not-serving",
    isInMessage: true,
  },
  {
    keys: ["ResourceExhausted", "http-429"],
    title: "Too much was asked",
    remedy: "wait, and call less often",
    isInMessage: true,
  },
  {
    keys: ["NotFound", "Unimplemented"],
    title: "ZITADEL does not know this address",
    remedy: "is the URL the root of the instance, without a path, and does a proxy pass the API on?",
    verdict: "not-found",
  },
];

// For all other codes.
const otherwise: Advice = {
  keys: [],
  title: "The call failed",
  remedy: "try again; if it goes on, report it to who runs the server, with the message",
  isInMessage: true,
};

/** The row for an error, by what tells the most about it. `message` is the error's. */
export function adviceOn(info: ErrorInfo, message: string): Advice {
  const { id, reason, httpStatus, fromServer, code = Code.Unknown } = info;
  const keys = [
    // Nothing but the text has this id, and releases of old have none.
    code === Code.NotFound && /QUERY-1kIjX|Instance not found|instanceHost/i.test(message) && "QUERY-1kIjX",
    id,
    !fromServer && `http-${httpStatus}`,
    reason?.replace(/^rst-.*/, "rst"),
    Code[code],
  ];
  const rows = keys.map((key) => key && allAdvice.find((row) => row.keys.includes(key)));
  return rows.find((row) => row) || otherwise;
}

/** What to do about it, as a clause or a question; the library's own hint in the words of the command. */
export function remedyOf({ remedy }: Advice, { hint }: ErrorInfo, call: FailedCall): string | undefined {
  return typeof remedy === "function" ? remedy(call) : (remedy ?? hint?.replace("baseUrl", "--url"));
}

function hostRemedy({ url, headers, protocol }: FailedCall): string {
  const { protocol: scheme, hostname, port } = new URL(url);
  const rule = "ZITADEL knows its instance by its ExternalDomain, which a proxy has to pass on as Host";
  // Releases before it was taken over gRPC, such as 2.44, take it over REST.
  if (headers.some(([name]) => name.toLowerCase() === "x-forwarded-host")) {
    return `${rule}: is that what x-forwarded-host says?${protocol === "rest" ? "" : " If so, try --protocol rest"}`;
  }
  if (/^127\.|^\[::1\]$/.test(hostname)) {
    return `${rule}: is that localhost? Then use ${scheme}//localhost${port && `:${port}`}`;
  }
  return `${rule}: use that in --url, or add --header "x-forwarded-host: DOMAIN" to an internal URL`;
}
