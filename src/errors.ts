import { ConnectError } from "@connectrpc/connect";
import { noteOf } from "./failure.js";
import { isFromZitadel, zitadelErrorId } from "./zitadel.js";

/**
 * Why a call failed, where the library itself found out. Stable: programs may compare it.
 */
export type FailureReason =
  | "bad-http"
  | "bad-status"
  | "connect-refused"
  | "connect-timeout"
  | "connection-lost"
  | "decompress"
  | "dns"
  | "empty-response"
  | "missing-trailers"
  | "network-or-cors"
  | "not-h2"
  | "parse"
  | "parse-json"
  | "redirect-refused"
  | "response-too-large"
  | `rst-${string}`
  | "tls"
  | "tls-expired"
  | "tls-hostname"
  | "tls-untrusted"
  | "token-invalid"
  | "token-provider"
  | "trailers-not-last"
  | "truncated"
  | "unexpected-content-type"
  | "unsafe-integer";

/**
 * What a `ConnectError` alone does not say, the same on every protocol.
 */
export interface ErrorInfo {
  /** ZITADEL's stable id of the error, such as `AUTH-7fs1e`. Tell its errors apart by this, never by their text. */
  readonly id?: string;
  /** What went wrong on the way, where it was not the server that said so. */
  readonly reason?: FailureReason;
  /** How many requests the call made; 0 if it failed before the first. */
  readonly attempts: number;
  /** The HTTP status, if there was an answer. */
  readonly httpStatus?: number;
  /** What to do about an error of ZITADEL's whose own text does not tell: the end of `error.message`, after "; ". */
  readonly hint?: string;
  /**
   * Whether the code is the server's own word rather than this library's reading of what happened. Absent where that
   * cannot be told: the error came over another transport and has nothing that only ZITADEL adds.
   */
  readonly fromServer?: boolean;
  /**
   * `true` if the server may have carried out an earlier attempt of this call, whose answer was lost, and the method
   * changes something. A revoke that says "not found" may then have revoked the token itself; nobody can know.
   */
  readonly maybeApplied?: boolean;
}

/**
 * Reads what a `ConnectError` alone does not say: ZITADEL's error id, the reason, the number of attempts and the
 * HTTP status. Takes anything that was thrown; for what is not an error of a call it returns `attempts: 0`.
 */
export function getErrorInfo(error: unknown): ErrorInfo {
  const note = noteOf(error);
  const isConnectError = error instanceof ConnectError;
  const id = isConnectError ? zitadelErrorId(error) : undefined;
  const fromServer = note?.fromServer ?? (isConnectError ? isFromZitadel(error) : undefined);
  return {
    ...(id && { id }),
    ...(note?.reason && { reason: note.reason }),
    attempts: note?.attempts ?? 0,
    ...(note?.httpStatus && { httpStatus: note.httpStatus }),
    ...(note?.hint && { hint: note.hint }),
    ...(fromServer !== undefined && { fromServer }),
    ...(note?.maybeApplied && { maybeApplied: true }),
  };
}
