import { Code, ConnectError, getErrorInfo } from "../node.js";
import { CommandError, exitCodes } from "./command-error.js";

// Names of the library's options, and of this command's.
const optionNames: readonly (readonly [RegExp, string])[] = [
  [/\bbaseUrl\b/g, "--url"],
  [/\bset allowInsecure\b/g, "pass --allow-insecure"],
  [/\bhttp2\.tls\.ca\b/g, "--ca"],
  [/\bpass `token`( instead)?/g, "use ZITADEL_TOKEN or --token-file"],
  [/^token\b/g, "the token"],
  [/^ids\[\d+\]/g, "an id"],
];

/** Makes what the library threw an error of the command, with its exit code and with what to do about it. */
export function explainError(error: unknown): Error {
  if (error instanceof ConnectError) {
    const isRefused = error.code === Code.Unauthenticated || error.code === Code.PermissionDenied;
    return new CommandError(rename(error.message), isRefused ? exitCodes.notAllowed : exitCodes.failed, hintFor(error));
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new CommandError(rename(error.message), exitCodes.usage);
  }
  return error as Error;
}

function rename(message: string): string {
  return optionNames.reduce((text, [from, to]) => text.replace(from, to), message);
}

/** What to do about an error where its message does not say it. */
export function hintFor(error: ConnectError): string | undefined {
  const { id, reason, fromServer } = getErrorInfo(error);
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
  if (fromServer && error.code === Code.NotFound) return "is --url the domain of the instance, and the API behind it?";
  if (reason === "unexpected-content-type" || reason === "redirect-refused" || reason === "not-h2") {
    return "zitadel-refresh-tokens doctor finds out what answers there";
  }
  return undefined;
}
