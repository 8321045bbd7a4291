import { Code, ConnectError, getErrorInfo } from "../node.js";
import { CommandError, exitCodes } from "./command-error.js";
import { ProxyError } from "./connect/proxy.js";
import type { Settings } from "./input/settings.js";

// Names of the library's options, and of this command's.
const optionNames: readonly (readonly [RegExp, string])[] = [
  [/\bbaseUrl\b/g, "--url"],
  [/\bset allowInsecure\b/g, "pass --allow-insecure"],
  [/\bhttp2\.tls\.ca\b/g, "--ca"],
  [/\bpass `token`( instead)?/g, "use ZITADEL_TOKEN or --token-file"],
  [/^token\b/g, "the token"],
  [/^ids\[\d+\]/g, "an id"],
];

/** Whom the command called, and how, as far as it makes a difference to advice. */
export type Called = Pick<Settings, "url" | "protocol">;

/** Makes what the library threw an error of the command, with its exit code and with what to do about it. */
export function explainError(error: unknown, called?: Called): Error {
  const proxyError = proxyErrorIn(error);
  if (proxyError) return new CommandError(proxyError.message, exitCodes.failed);
  if (error instanceof ConnectError) {
    const hint = hintFor(error, called);
    return new CommandError(rename(error.message), isRefusal(error) ? exitCodes.notAllowed : exitCodes.failed, hint);
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new CommandError(rename(error.message), exitCodes.usage);
  }
  return error as Error;
}

function proxyErrorIn(error: unknown): ProxyError | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof ProxyError) return each;
  }
  return undefined;
}

function rename(message: string): string {
  return optionNames.reduce((text, [from, to]) => text.replace(from, to), message);
}

/** Whether ZITADEL itself refused the token, and not something in front of it. */
export function isRefusal(error: ConnectError | undefined): boolean {
  return (
    (error?.code === Code.Unauthenticated || error?.code === Code.PermissionDenied) &&
    getErrorInfo(error).fromServer === true
  );
}

/** Whether an HTTP status is of a firewall, a load balancer or a CDN that does not let gRPC pass. */
export function isRefusedOnTheWay(status: number | undefined): boolean {
  // 464: AWS's load balancers, to a target of another protocol version. 520 to 530: Cloudflare.
  return status === 403 || status === 464 || (status !== undefined && status >= 520 && status <= 530);
}

/** Whether ZITADEL does not know its instance by the name that it was called by. */
export function isUnknownHost({ code, rawMessage }: ConnectError): boolean {
  return code === Code.NotFound && /QUERY-1kIjX|Instance not found|instanceHost/i.test(rawMessage);
}

/** What to do about an unknown host. */
export function hostRemedy(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  if (/^127\.|^\[::1\]$/.test(hostname)) {
    const local = `${protocol}//localhost${port && `:${port}`}`;
    return `ZITADEL knows its instance by its ExternalDomain: is that localhost? Then use ${local}`;
  }
  const header = '--header "x-zitadel-instance-host: DOMAIN"';
  return `ZITADEL knows its instance by its ExternalDomain: use that in --url, or add ${header} to an internal URL`;
}

/** What to do about an error where its message does not say it. */
export function hintFor(error: ConnectError, called?: Called): string | undefined {
  const { id, reason, fromServer, httpStatus } = getErrorInfo(error);
  if (called && isUnknownHost(error)) return hostRemedy(called.url);
  if (called?.protocol === "grpc" && !fromServer && isRefusedOnTheWay(httpStatus)) {
    return "something in front of ZITADEL refuses gRPC: try --protocol grpc-web or rest; doctor tells which of them works";
  }
  switch (id) {
    case "AUTH-toLo1":
      return "a proxy may have changed the authorization header";
    case "APP-wai8O":
    case "APP-Shi0J":
      return "this token was made to act as somebody else, which this API refuses: sign in as the user";
    case "AUTHZ-Kl3p0":
      return "the session of this token lacks a factor: sign in again with all of them";
    case "AUTH-Bs7Ds":
      return "there is no organization with the id of --org";
    case "LIMITS-molsj":
    case "QUOTA-vjAy8":
      return "the instance is blocked or its quota is used up: ask who runs it";
    case "COMMAND-BHt2w":
      return "a token was revoked before, has ended, or is not yours";
  }
  if (fromServer && error.code === Code.Unimplemented) {
    return "is --url the root of the instance, without a path?";
  }
  if (fromServer && error.code === Code.NotFound) return "is --url the domain of the instance, and the API behind it?";
  if (reason === "unexpected-content-type" || reason === "redirect-refused" || reason === "not-h2") {
    return "zitadel-refresh-tokens doctor finds out what answers there";
  }
  return undefined;
}
