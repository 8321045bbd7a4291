import { Code, ConnectError, getErrorInfo } from "../node.js";
import { CommandError, exitCodes } from "./command-error.js";
import type { ProtocolName, Settings } from "./input/settings.js";

/** Whom the command called, and how, as far as it makes a difference to advice. */
export type Called = Pick<Settings, "url" | "protocol" | "headers">;

/** Makes what the library threw an error of the command, with its exit code and with what to do about it. */
export function explainError(error: unknown, called: Called): Error {
  const proxyError = proxyErrorIn(error);
  if (proxyError) return new CommandError(proxyError.message, exitCodes.failed);
  if (error instanceof ConnectError) {
    const exitCode = isRefusal(error) ? exitCodes.notAllowed : exitCodes.failed;
    return new CommandError(messageOf(error, called), exitCode, hintFor(error, called));
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    // Of the options that the library checks, only this one is a word of its own.
    const subject = error.message.startsWith("token ") ? "the " : "";
    return new CommandError(subject + error.message, exitCodes.usage);
  }
  return error as Error;
}

/** The library's message, without its advice, which is for programmers; where that is part of it, in our own words. */
function messageOf(error: ConnectError, { url }: Called): string {
  const { reason, hint } = getErrorInfo(error);
  const { host } = new URL(url);
  switch (reason) {
    case "dns":
      return new ConnectError(`${host} cannot be found: check --url`, error.code).message;
    case "tls-untrusted": {
      const remedy = "pass its CA as --ca FILE, or set NODE_EXTRA_CA_CERTS";
      return new ConnectError(`the certificate of ${host} is not trusted: ${remedy}`, error.code).message;
    }
    case "response-too-large":
      return new ConnectError("the answer is larger than 4 MiB", error.code).message;
    default:
      return hint ? error.message.slice(0, -`; ${hint}`.length) : error.message;
  }
}

// As the cause of a failed call it is a plain Error that has its name.
function proxyErrorIn(error: unknown): Error | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === "ProxyError") return each;
  }
  return undefined;
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
  // 464: AWS's load balancers, to a target of another protocol version. 525 to 530: Cloudflare.
  return status === 403 || status === 464 || (status !== undefined && status >= 525 && status <= 530);
}

/** Whether ZITADEL does not know its instance by the name that it was called by. */
export function isUnknownHost({ code, rawMessage }: ConnectError): boolean {
  return code === Code.NotFound && /QUERY-1kIjX|Instance not found|instanceHost/i.test(rawMessage);
}

/** What to do about an unknown host. */
export function hostRemedy({ url, headers }: Called, protocol: ProtocolName): string {
  const { protocol: scheme, hostname, port } = new URL(url);
  const rule = "ZITADEL knows its instance by its ExternalDomain";
  // Releases before it was taken over gRPC, such as 2.44, take it over REST.
  if (headers.some(([name]) => name.toLowerCase() === "x-forwarded-host")) {
    return `${rule}: is that what x-forwarded-host says?${protocol === "rest" ? "" : " If so, try --protocol rest"}`;
  }
  if (/^127\.|^\[::1\]$/.test(hostname)) {
    return `${rule}: is that localhost? Then use ${scheme}//localhost${port && `:${port}`}`;
  }
  return `${rule}: use that in --url, or add --header "x-forwarded-host: DOMAIN" to an internal URL`;
}

/** What to do about an error. */
export function hintFor(error: ConnectError, called: Called): string | undefined {
  const { protocol } = called;
  const { id, reason, fromServer, httpStatus, hint } = getErrorInfo(error);
  if (isUnknownHost(error)) return hostRemedy(called, protocol);
  if (protocol === "grpc" && !fromServer && isRefusedOnTheWay(httpStatus)) {
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
  if (fromServer && (error.code === Code.Unimplemented || error.code === Code.NotFound)) {
    return "is --url the root of the instance, without a path, and the API behind it?";
  }
  if (reason === "unexpected-content-type" || reason === "redirect-refused" || reason === "not-h2") {
    return "zitadel-refresh-tokens doctor finds out what answers there";
  }
  // Without ZITADEL's id it may name an option of the library's: only that one has the same meaning here.
  return id || !fromServer ? hint?.replace("baseUrl", "--url") : undefined;
}
