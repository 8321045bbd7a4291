import { Code, ConnectError, getErrorInfo } from "../node.js";
import { adviceOn, type FailedCall, remedyOf } from "./advice.js";
import { CommandError, exitCodes } from "./command-error.js";

/** Makes what the library threw an error of the command, with its exit code and with what to do about it. */
export function explainError(error: unknown, call: FailedCall): Error {
  const proxyError = proxyErrorIn(error);
  if (proxyError) return new CommandError(proxyError.message, exitCodes.failed);
  if (error instanceof ConnectError) {
    const exitCode = isRefusal(error) ? exitCodes.notAllowed : exitCodes.failed;
    return new CommandError(messageOf(error), exitCode, hintOn(error, call));
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    // Of the options that the library checks, only this one is a word of its own.
    const subject = error.message.startsWith("token ") ? "the " : "";
    return new CommandError(subject + inWordsOfCommand(error.message), exitCodes.usage);
  }
  return error as Error;
}

// What the library's options are called here.
const optionNames: readonly (readonly [ofLibrary: string, here: string])[] = [
  ["baseUrl", "--url"],
  ["http2.tls.ca", "--ca FILE"],
  ["maxResponseBytes", "4 MiB"],
  ["set allowInsecure", "pass --allow-insecure"],
  ["pass the token as `token` instead", "pass it by ZITADEL_TOKEN or --token-file"],
];

function inWordsOfCommand(message: string): string {
  return optionNames.reduce((text, [ofLibrary, here]) => text.replace(ofLibrary, here), message);
}

/** The library's message without its hint, in the words of the command. */
function messageOf(error: ConnectError): string {
  const { hint, fromServer } = getErrorInfo(error);
  const message = hint ? error.message.slice(0, -`; ${hint}`.length) : error.message;
  return fromServer ? message : inWordsOfCommand(message);
}

/** What to do about an error, where its message does not say as much. */
function hintOn(error: ConnectError, call: FailedCall): string | undefined {
  const info = getErrorInfo(error);
  const advice = adviceOn(info, error.rawMessage);
  if (advice.isInMessage) return undefined;
  const remedy = remedyOf(advice, info, call);
  if (!advice.otherProtocol || call.protocol !== "grpc") return remedy;
  return `${remedy}; or try --protocol grpc-web or rest: doctor tells which of them works`;
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
