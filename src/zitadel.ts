import type { DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "../gen/zitadel/message_pb.js";
import { noteOf, textOf } from "./failure.js";

/** ZITADEL's id of an error, such as `AUTH-7fs1e`; `undefined` if it has none. */
export function zitadelErrorId(error: unknown): string | undefined {
  const id = zitadelDetailId(error);
  // The library's own text may quote the error of an attempt before.
  if (id !== undefined || noteOf(error)?.fromServer === false) return id;
  // ZITADEL ends the text with the id too, which helps where a proxy or a header limit dropped the details, and whoever
  // rebuilt the error. Only in `message` a hint may follow.
  const text = textOf(error, "rawMessage") ?? textOf(error, "message")?.replace(/\); .*/s, ")") ?? "";
  return /\(([A-Z]{2,12}-\w{3,12})\)$/.exec(text.slice(-32))?.[1];
}

/** Whether an error that anybody may have made has what only ZITADEL adds; `undefined`: nobody knows who made it. */
export function isFromZitadel(error: unknown): true | undefined {
  return zitadelDetailId(error) === undefined ? undefined : true;
}

// The id in the detail that only ZITADEL adds to its errors. What was rebuilt from an error's fields lacks its methods.
function zitadelDetailId(error: unknown): string | undefined {
  try {
    const { details } = error as ConnectError;
    const found = Object.assign(new ConnectError(""), { details }).findDetails(ErrorDetailSchema);
    return found.find(({ id }) => id !== "")?.id;
  } catch {
    return undefined;
  }
}

/**
 * Whether ZITADEL says that the user has no such refresh token, or no such session. The code alone does not: it is a wrong
 * URL's too.
 */
export function isGone(error: ConnectError): boolean {
  return error.code === Code.NotFound && /^(?:COMMAND-BHt2w|AUTHZ-cdgFk)$/.test(zitadelErrorId(error) ?? "");
}

/** Whether ZITADEL itself says that it has no such service, as a release from before the service does. */
export function isServiceMissing(error: unknown): boolean {
  if (!(error instanceof ConnectError) || noteOf(error)?.fromServer === false) return false;
  return error.code === Code.Unimplemented || (error.code === Code.NotFound && error.rawMessage === "Not Found");
}

/**
 * Whether two calls that changed one user at a time took the same sequence in ZITADEL's event store: a fifth of parallel
 * revokes on 2.44 (zitadel#7202). Nothing of this one was done. Only the constraint's name and the SQLSTATE are the same
 * in every language of PostgreSQL's.
 */
export function isCollision(code: Code, message: string): boolean {
  return code === Code.Unknown && message.includes("events2_pkey") && message.includes("(SQLSTATE 23505)");
}

/** Refuses, with a TypeError, what no call of that method can mean, the same on every protocol. */
export function checkRequest(method: DescMethodUnary, message: object): void {
  if (method.name !== "RevokeMyRefreshToken" || `${method.parent.typeName}/${method.name}` !== revokeMethod) return;
  checkId((message as { id?: unknown }).id, "id");
}

/**
 * Refuses, with a TypeError, what cannot be the id of a refresh token or a session: REST has no path for `.`, `..` and `/`,
 * ZITADEL takes 1 to 200 characters, and answers REST with HTTP 500 for those outside ASCII. Its own are 18 digits.
 */
export function checkId(id: unknown, name: string, kind = "refresh token"): void {
  if (typeof id !== "string") throw new TypeError(`${name} must be a string, got ${id === null ? "null" : typeof id}`);
  if (id === "") throw new TypeError(`${name} is empty: pass the id of a ${kind}`);
  if (id.length > 200) throw new TypeError(`${name} is longer than 200 characters, so it is no id of a ${kind}`);
  if (!/^(?!\.\.?$)[ -.0-~]+$/.test(id)) {
    throw new TypeError(`${name} is no id of a ${kind}: it must be printable ASCII, not ".", "..", nor hold "/"`);
  }
}

/**
 * Whether the error may be a deadline that struck while ZITADEL was looking up the organization: it then says that there
 * is no such organization, although the caller named none.
 */
export function isDisguisedDeadline(error: ConnectError, metadata: Record<string, string>): boolean {
  return (
    error.code === Code.PermissionDenied &&
    !Object.hasOwn(metadata, "x-zitadel-orgid") &&
    zitadelErrorId(error) === "AUTH-Bs7Ds"
  );
}

const revokeMethod = "zitadel.auth.v1.AuthService/RevokeMyRefreshToken";

// By a status' code, as a number, and its words; the first row that matches counts.
// What people are told is in cli/advice.ts, which the library does not import.
const hints: readonly (readonly [status: RegExp, hint: string])[] = [
  // One answer for every token that it does not take, although the wrong audience is the usual reason.
  [
    /\(AUTH-7fs1e\)$/,
    'the token is expired, revoked, or was made without the scope "urn:zitadel:iam:org:project:id:zitadel:aud"',
  ],
  [/\(AUTH-DZG21\)$/, "add this page's origin to the app's additional origins in ZITADEL"],
  [/^\d+ auth header missing$/, "pass `token`"],
  [
    /ID=QUERY-1kIjX /,
    "the instance is not known by this host: baseUrl must have its ExternalDomain (localhost is not 127.0.0.1); " +
      "if that is not its address, http2.createConnection leads there",
  ],
  // Unimplemented, without a word.
  [/^12 $/, "is baseUrl the root of a ZITADEL instance?"],
  // The gateway's NotFound for a path that it does not serve; ZITADEL's own have an id.
  [/^5 Not Found$/, "no such path: baseUrl must be the instance's root, without /auth/v1, or ZITADEL is too old"],
  // From here on the library's own words. As nginx answers to what is no TLS, and to TLS without a certificate, in a page;
  // others say so in words.
  [/^\d+ HTTP 400 .*API$/, "is it a TLS port (use https:), or does it want a client certificate (http2.tls.cert)?"],
  [/^\d+ HTTP 404 w/, "is baseUrl ZITADEL's, and does the proxy before it let this protocol through?"],
  [/^\d+ HTTP 407 w/, "the proxy wants credentials"],
  // 464 is AWS's load balancer's, 525 to 530 are Cloudflare's.
  [/^\d+ HTTP (403|464|52[5-9]|530) w/, "something before ZITADEL may refuse this protocol: try "],
];

/** What to do about an error whose text does not tell, for the end of `error.message`; `others`: protocols to try. */
export function hintFor(code: Code, message: string, others?: string): string | undefined {
  const hint = hints.find(([status]) => status.test(`${code} ${message}`))?.[1];
  return hint?.endsWith("try ") ? others && hint + others : hint;
}

/**
 * What a status says, whatever it came in: gRPC trailers, a gRPC-Web frame or a REST body.
 */
export interface StatusParts {
  readonly code: Code;
  readonly message: string;
  readonly details: ConnectError["details"];
}

/**
 * The status that ZITADEL meant: 4.11 sends plain ones wrapped in one of code Unknown, such as
 * `rpc error: code = Unauthenticated desc = auth header missing ()`.
 */
export function unwrapped(sent: StatusParts): StatusParts {
  if (sent.code !== Code.Unknown) return sent;
  const match = /^rpc error: code = (\w+) desc = (.*) \(\)$/s.exec(sent.message);
  const code = match && Code[match[1] as keyof typeof Code];
  // The name could also be a number or `constructor`, which are keys of the enum object too.
  return match && typeof code === "number" ? { code, message: match[2] ?? "", details: [] } : sent;
}
