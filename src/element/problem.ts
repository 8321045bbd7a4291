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
  if (code === Code.Unauthenticated) return { text: texts.sessionOver, mayHelp: false };
  if (code === Code.PermissionDenied) return { text: texts.notAllowed, mayHelp: false };
  const isOffline = reason === "network-or-cors" && globalThis.navigator?.onLine === false;
  const isAway = code === Code.Unavailable || code === Code.DeadlineExceeded || code === Code.Unknown;
  return { text: isOffline ? texts.offline : isAway ? texts.unreachable : texts.failed, mayHelp: true };
}
