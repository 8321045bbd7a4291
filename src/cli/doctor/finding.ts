/**
 * What a check can find out, beside `ok` and `skipped`. Stable: programs that read `-o json` may compare them.
 */
export type Verdict =
  | "url-invalid"
  | "url-cleartext"
  | "url-path"
  | "dns-failed"
  | "tcp-refused"
  | "tcp-unreachable"
  | "proxy-unreachable"
  | "proxy-refused"
  | "tls-untrusted"
  | "tls-self-signed"
  | "tls-expired"
  | "tls-expires-soon"
  | "tls-hostname"
  | "tls-not-spoken"
  | "tls-refused"
  | "tls-stalled"
  | "tls-wanted"
  | "tls-client-certificate"
  | "tls-no-h2"
  | "http-silent"
  | "http-closed"
  | "http-not-spoken"
  | "http-redirect"
  | "http-web-page"
  | "http-gateway"
  | "health-failing"
  | "health-hidden"
  | "clock-skew"
  | "http1-only"
  | "grpc-refused"
  | "web-page"
  | "redirect"
  | "not-found"
  | "unknown-instance"
  | "not-serving"
  | "blocked"
  | "slow"
  | "cut-off"
  | "error"
  | "cors-refused"
  | "cors-headers"
  | "cors-hidden"
  | "cors-origin"
  | "token-missing"
  | "token-malformed"
  | "token-expired"
  | "token-early"
  | "token-issuer"
  | "token-id-token"
  | "token-audience"
  | "token-refused"
  | "token-not-allowed"
  | "list-empty"
  | "list-truncated";

/** What one check found. */
export interface Finding {
  /** Which check, such as `dns` or `grpc-web`. */
  readonly check: string;
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** Only of a warning and of a failure. */
  readonly verdict?: Verdict;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** How long it took, in milliseconds. */
  readonly ms?: number;
}

export function ok(check: string, message: string, ms?: number): Finding {
  return { check, status: "ok", message, ...(ms !== undefined && { ms: Math.round(ms * 10) / 10 }) };
}

export function skipped(check: string, message: string): Finding {
  return { check, status: "skipped", message };
}

export function warning(check: string, verdict: Verdict, message: string, remedy: string): Finding {
  return { check, status: "warning", verdict, message, remedy };
}

export function failed(check: string, verdict: Verdict, message: string, remedy: string): Finding {
  return { check, status: "failed", verdict, message, remedy };
}
