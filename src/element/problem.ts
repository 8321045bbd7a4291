import { Code, getErrorInfo } from "../public.js";
import type { SignInsTexts } from "./texts.js";

/** A failure in words for people. */
export interface Problem {
  readonly text: string;
  /** Whether trying again can help. */
  readonly mayHelp: boolean;
}

/** Finds the words for what a call rejected with. */
export function problemOf(error: unknown, texts: SignInsTexts): Problem {
  const { code, reason } = getErrorInfo(error);
  if (reason === "network-or-cors" && globalThis.navigator?.onLine === false)
    return { text: texts.offline, mayHelp: true };
  switch (code) {
    case Code.Unauthenticated:
      return { text: texts.sessionOver, mayHelp: false };
    case Code.PermissionDenied:
      return { text: texts.notAllowed, mayHelp: false };
    case Code.Unavailable:
    case Code.DeadlineExceeded:
    case Code.Unknown:
      return { text: texts.unreachable, mayHelp: true };
    default:
      return { text: texts.failed, mayHelp: true };
  }
}
