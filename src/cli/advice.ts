import { Code } from "@connectrpc/connect";
import type { ErrorInfo } from "../node.js";

/** What an error means for people, and what they can do about it. */
export interface Advice {
  /** What it is about: ids of ZITADEL's, HTTP statuses of what is no ZITADEL, reasons, and codes. */
  readonly keys: readonly string[];
  /** What to do about it, as a clause or a question. Default: the hint that the library has for it. */
  readonly remedy?: string | ((call: FailedCall) => string);
  /** What doctor calls it. Default `error`. */
  readonly verdict?: CallVerdict;
  /** Whether another protocol may get through. */
  readonly otherProtocol?: true;
  /** Whether the error's own message says as much, so that the command does not. */
  readonly isInMessage?: true;
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
  { keys: ["AUTH-7fs1e"], verdict: "token-refused" },
  {
    keys: ["APP-wai8O", "APP-Shi0J"],
    remedy: "this token was made to act as somebody else, which this API refuses: sign in as the user",
    verdict: "token-refused",
  },
  {
    keys: ["AUTHZ-Kl3p0"],
    remedy: "the session of this token lacks a factor: sign in again with all of them, and use the new token",
    verdict: "token-refused",
  },
  { keys: ["AUTH-toLo1"], remedy: "a proxy may have changed the authorization header" },
  { keys: ["AUTH-Bs7Ds"], remedy: "there is no organization with the id of --org" },
  { keys: ["LIMITS-molsj", "QUOTA-vjAy8"], remedy: "ask who runs it" },
  {
    keys: ["COMMAND-BHt2w", "COMMAND-Gfj42"],
    remedy: "it was revoked before, has ended, or is not yours; ZITADEL may go on listing it",
  },
  { keys: ["AUTHZ-cdgFk"], remedy: "it was ended before, or is not yours" },
  { keys: ["GRPC-Sfefs"], remedy: "say what to look for in each query" },
  {
    keys: ["QUERY-1kIjX"],
    remedy: hostRemedy,
    verdict: "unknown-instance",
  },
  // The library's hint says it.
  { keys: ["AUTH-DZG21", "http-400", "http-407"] },
  { keys: ["http-404"], verdict: "not-found", otherProtocol: true },
  {
    // 464: AWS's load balancers, to a target of another protocol version. 525 to 530: Cloudflare.
    keys: ["403", "464", "525", "526", "527", "528", "529", "530"].map((status) => `http-${status}`),
    remedy: ({ protocol }) =>
      protocol === "grpc"
        ? "something in front of ZITADEL refuses gRPC: let it pass application/grpc over HTTP/2"
        : "something in front of ZITADEL refuses the call: ask who runs the firewall, the CDN or the load balancer",
    verdict: "grpc-refused",
    otherProtocol: true,
  },
  {
    keys: ["http-502", "http-503", "http-504"],
    remedy: "it cannot reach ZITADEL right now: try again in a moment",
    verdict: "not-serving",
  },
  {
    keys: ["network-or-cors", "dns", "connect-refused", "tls", "tls-expired", "tls-hostname", "tls-untrusted"],
    remedy: "check the URL and the network",
    isInMessage: true,
  },
  {
    keys: ["not-h2"],
    remedy: "make the proxy pass HTTP/2 on (nginx: grpc_pass, Traefik: h2c), if it is not another service's port",
    verdict: "http1-only",
    otherProtocol: true,
  },
  {
    keys: ["redirect-refused"],
    remedy: "use the URL that it leads to, which zitadel-refresh-tokens doctor tells",
    verdict: "http-redirect",
  },
  {
    keys: ["unexpected-content-type"],
    remedy:
      "is it a website, a sign-in page or a firewall in front of ZITADEL? zitadel-refresh-tokens doctor finds out",
    verdict: "http-web-page",
  },
  {
    keys: ["connection-lost", "truncated", "rst", "missing-trailers", "empty-response", "trailers-not-last"],
    remedy: "does a firewall or a proxy cut connections or drop trailers, or did the server stop?",
    verdict: "not-serving",
    otherProtocol: true,
    isInMessage: true,
  },
  {
    keys: ["bad-http", "bad-status", "decompress", "parse", "parse-json", "unsafe-integer", "response-too-large"],
    remedy: "does a proxy change answers? Report it to who runs the server, with the message",
    isInMessage: true,
  },
  {
    keys: ["Unauthenticated", "token-invalid", "token-provider"],
    remedy: signInAgain,
    verdict: "token-refused",
  },
  {
    keys: ["PermissionDenied"],
    remedy: "the token's user may not do this",
    verdict: "token-refused",
  },
  {
    keys: ["DeadlineExceeded", "connect-timeout"],
    remedy: "is the server overloaded, or the network slow? Try again in a moment",
    verdict: "slow",
    isInMessage: true,
  },
  {
    keys: ["Unavailable"],
    remedy: "does it run? Try again in a moment",
    verdict: "not-serving",
    isInMessage: true,
  },
  {
    keys: ["ResourceExhausted", "http-429"],
    remedy: "wait, and call less often",
    isInMessage: true,
  },
  {
    keys: ["NotFound", "Unimplemented"],
    remedy: "is the URL the root of the instance, without a path, and does a proxy pass the API on?",
    verdict: "not-found",
  },
];

// For all other codes.
const otherwise: Advice = {
  keys: [],
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
