import { constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import { Code, type ConnectError } from "@connectrpc/connect";
import { type FailureReason, failure, type NetworkFault, networkFailure, textOf } from "../../failure.js";

// Deno's `fetch` has words where Node has codes.
const codeOfWords: [words: RegExp, code: string][] = [
  [/dns error/, "ENOTFOUND"],
  [/Connection refused/, "ECONNREFUSED"],
  [/invalid peer certificate: Expired/, "CERT_HAS_EXPIRED"],
  [/invalid peer certificate: NotValidForName/, "ERR_TLS_CERT_ALTNAME_INVALID"],
  [/invalid peer certificate/, "SELF_SIGNED_CERT_IN_CHAIN"],
];

function codeOf(error: unknown): string {
  const { name, code, message, syscall } = (error ?? {}) as Record<string, unknown>;
  // A `fetch` of the caller's may read files.
  if (syscall !== undefined && /^(?:EPERM|EACCES)$/.test(String(code)) && syscall !== "connect") return "";
  if (code !== undefined) return String(code);
  if (name === "NotCapable" || name === "PermissionDenied") return "DENO_DENIED";
  return codeOfWords.find(([words]) => words.test(String(message).slice(0, 1000)))?.[1] ?? "";
}

type Rest = Pick<NetworkFault, "repeat" | "maxRetries">;
const never: Rest = { repeat: "never" };
const notSent: Rest = { repeat: "not-sent" };

// By Node's code; the first row that matches counts. HOST is the host, ALERT what TLS calls the code.
const networkFaults: [code: RegExp, reason: FailureReason, message: string, rest?: Rest][] = [
  [/^ECONNREFUSED$/, "connect-refused", "nothing listens at HOST", notSent],
  [
    /^(?:EPERM|EACCES)$/,
    "connect-refused",
    "the system does not let this program connect to HOST: does a firewall forbid it?",
    never,
  ],
  [
    /^ERR_ACCESS_DENIED$/,
    "connect-refused",
    "Node's --permission does not let this program connect to HOST: add --allow-net",
    never,
  ],
  [
    /^DENO_DENIED$/,
    "connect-refused",
    "Deno does not let this program connect to HOST: run it with --allow-net",
    never,
  ],
  [
    /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/,
    "connect-timeout",
    "HOST cannot be reached",
    notSent,
  ],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/, "connection-lost", "the connection to HOST was lost"],
  [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, "tls-expired", "the certificate of HOST is not valid now", never],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, "tls-hostname", "the certificate of HOST is for another name", never],
  [/^(?:UND_ERR|HPE)_HEADERS?_OVERFLOW$/, "bad-http", "HOST sent more headers than Node takes", never],
  // The codes of getaddrinfo, and those that only c-ares has. Names rarely come to be within a second, but a resolver
  // can fail once.
  [
    /^EAI_|^E(?:NOTFOUND|NODATA|NONAME|SERVFAIL|REFUSED|TIMEOUT|FORMERR|NOTIMP|BADNAME|BADRESP)$/,
    "dns",
    "HOST cannot be found: check baseUrl",
    { repeat: "not-sent", maxRetries: 1 },
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_/,
    "tls-untrusted",
    "the certificate of HOST is not trusted: pass its CA (http2.tls.ca or NODE_EXTRA_CA_CERTS)",
    never,
  ],
  [
    /ALERT_(?:BAD_|UNSUPPORTED_|UNKNOWN_)?(?:CERTIFICATE|CA)|ALERT_ACCESS_DENIED/,
    "tls",
    "HOST refused the client certificate, or wants one: see http2.tls.cert and http2.tls.key",
    never,
  ],
  // Who sends an alert speaks TLS. Without a client certificate TLS 1.2 has no more than "handshake failure". Five alerts
  // do not have the word in their codes, such as ERR_SSL_TLSV1_UNRECOGNIZED_NAME.
  [
    /(?:_ALERT|^ERR_SSL_TLSV1)_(?!ALERT)(\w+)/,
    "tls",
    "HOST refused TLS (ALERT): does it want a client certificate (http2.tls.cert and key), another version of TLS or another name?",
    never,
  ],
  [/^(?:ERR_SSL|EPROTO)/, "tls", "TLS with HOST failed: does that port speak https?", never],
];

/**
 * Reads what went wrong from the code that Node gives its network errors, `undefined` if it has none that is known.
 * `host` is for the message.
 */
export function networkFault(error: unknown, host: string): NetworkFault | undefined {
  const code = codeOf(error);
  if (code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL") return notHttp2(host, true);
  const { syscall, address } = (error ?? {}) as { syscall?: unknown; address?: unknown };
  if (code === "ENOENT" && syscall === "connect") {
    // Of a `createConnection` that connects to a socket file. A `fetch` of the caller's may read files.
    return { reason: "connect-refused", message: `there is no socket file ${String(address)}`, ...notSent };
  }
  for (const [pattern, reason, message, rest] of networkFaults) {
    const match = pattern.exec(code);
    if (!match) continue;
    const words = { HOST: host, ALERT: match[1]?.toLowerCase().replaceAll("_", " ") ?? "" };
    return { reason, message: message.replace(/HOST|ALERT/g, (word) => words[word as keyof typeof words]), ...rest };
  }
  // That of Node 24's fetch has no code.
  if (!code.startsWith("HPE_") && (error as Error | undefined)?.name !== "HTTPParserError") return undefined;
  // What the server sent, which may be our request, token and all: fetch has it in `data`.
  Object.assign(error as Error, { data: undefined, rawPacket: undefined });
  return { reason: "bad-http", message: `${host} does not answer in HTTP`, repeat: "never" };
}

/**
 * What it comes to that a host was not reached, or that a `createConnection` threw that; `refusal` is why its certificate
 * was refused.
 */
export function dialFault(thrown: unknown, host: string, isOwn: boolean, refusal?: unknown): NetworkFault {
  const known = networkFault(thrown, host) ?? certificateFault(thrown, refusal, host);
  if (!isOwn) return known ?? { reason: "connection-lost", message: `${host} cannot be reached` };
  // Whatever else it threw would be thrown again.
  const why = typeof thrown === "string" ? thrown : textOf(thrown, "message");
  const message = `http2.createConnection failed${why ? `: ${why}` : ""}`;
  return { reason: "connection-lost", message, repeat: known?.repeat ?? "never" };
}

/** What it comes to that this end refused a certificate: OpenSSL has more reasons than `networkFault` has codes. */
export function certificateFault(cause: unknown, refusal: unknown, host: string): NetworkFault | undefined {
  const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
  const why = String(refusal);
  if (why !== code && why !== message) return undefined;
  return { reason: "tls", message: `the certificate of ${host} is refused (${why})`, repeat: "never" };
}

// What a TLS server says to a client that does not speak TLS: an alert, of so many bytes.
const tlsAlertBytes = 7;

/**
 * What it comes to that a connection ended before HTTP/2 began. Only here, and while it dials, `networkFault` has a say:
 * of what breaks later the server may have had requests.
 */
export function handshakeFault(
  cause: unknown,
  { bytesRead = 0, authorizationError }: Partial<TLSSocket>,
  host: string,
  isTls: boolean,
): NetworkFault {
  const known = networkFault(cause, host) ?? certificateFault(cause, authorizationError, host);
  if (known) return known;
  if (!isTls && bytesRead === tlsAlertBytes) {
    return { reason: "not-h2", message: `${host} speaks TLS: use https:`, repeat: "never" };
  }
  // Something came in, and it was not an HTTP/2 server's SETTINGS.
  if (bytesRead > 0) return notHttp2(host, isTls);
  // Some TLS servers close without a word on what is not TLS.
  const hint = isTls ? "" : ": is it an https: port?";
  return { reason: "connection-lost", message: `${host} closed the connection before HTTP/2 began${hint}` };
}

/** What it comes to that a connection ended while HTTP/2 was spoken, and without GOAWAY. */
export function lossFault(cause: unknown, host: string): NetworkFault {
  const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code !== "ERR_HTTP2_ERROR") return { reason: "connection-lost", message: `the connection to ${host} was lost` };
  // nghttp2's, whose text says which rule. This is no rule but its own limit, and the next answer is often as long.
  if (/CONTINUATION/.test(message)) {
    const said = `${host} sent more header fields than Node takes (${message})`;
    return { reason: "bad-http", message: said, maxRetries: 1 };
  }
  return { reason: "connection-lost", message: `${host} broke the rules of HTTP/2 (${message})` };
}

/** What it comes to that a server does not speak HTTP/2. */
export function notHttp2(host: string, isTls: boolean): NetworkFault {
  const scheme = isTls ? "" : "https: if it is a TLS port, or ";
  const hint = `use ${scheme}gRPC-Web or REST if a proxy speaks only HTTP/1.1`;
  return { reason: "not-h2", message: `${host} does not speak HTTP/2: ${hint}`, repeat: "never" };
}

/** What a server said when it ended a connection. */
export interface Goaway {
  readonly code: number;
  readonly lastStreamId: number;
  readonly debug: string;
}

// What grpc-go, grpc-java, gRPC's C core, Envoy and Google's front ends say. Anything else may be about another user of
// the connection, and every call on it would show it.
const knownDebug =
  /^(?:too_many_(?:pings|rststreams)|max_(?:age|idle)|graceful_(?:stop|shutdown)|app_requested|load_shed|session_timed_out|server_shutting_down|Server shutdown)$/;

/** What it comes to that a server ended a connection with GOAWAY. */
export function goawayFault({ code, debug }: Goaway, host: string, isTls: boolean): NetworkFault {
  if (code === constants.NGHTTP2_HTTP_1_1_REQUIRED) return notHttp2(host, isTls);
  const why = knownDebug.test(debug) ? `, "${debug}"` : "";
  const message = `${host} closed the connection (GOAWAY ${code}${why})`;
  if (code !== constants.NGHTTP2_INADEQUATE_SECURITY) return { reason: "connection-lost", message };
  return { reason: "rst-inadequate-security", message, code: Code.PermissionDenied, repeat: "never" };
}

// RFC 9113 §7.
const resetNames = [
  "no-error",
  "protocol-error",
  "internal-error",
  "flow-control-error",
  "settings-timeout",
  "stream-closed",
  "frame-size-error",
  "refused-stream",
  "cancel",
  "compression-error",
  "connect-error",
  "enhance-your-calm",
  "inadequate-security",
  "http-1-1-required",
];

// By gRPC's PROTOCOL-HTTP2, "Errors"; any other is Internal. But NO_ERROR: nothing was answered, and proxies that shut
// down do this. REFUSED_STREAM is no promise any more once an answer began.
const resetCodes: Readonly<Record<number, Code>> = {
  [constants.NGHTTP2_NO_ERROR]: Code.Unavailable,
  [constants.NGHTTP2_REFUSED_STREAM]: Code.Unavailable,
  [constants.NGHTTP2_CANCEL]: Code.Canceled,
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: Code.ResourceExhausted,
  [constants.NGHTTP2_INADEQUATE_SECURITY]: Code.PermissionDenied,
};

// Node resets a stream by itself too, and does not tell that from a reset by the server.
const resetters: Readonly<Record<number, string>> = {
  [constants.NGHTTP2_PROTOCOL_ERROR]: "the server reset the stream, or Node did since the answer is not valid HTTP/2",
  [constants.NGHTTP2_ENHANCE_YOUR_CALM]: "the server reset the stream, or Node did at 1 MiB of header fields",
};

/** The error of a stream that was reset with that code, on a connection that lives. */
export function resetFailure(rstCode: number, isTls: boolean, httpStatus?: number, cause?: Error): ConnectError {
  if (rstCode === constants.NGHTTP2_HTTP_1_1_REQUIRED) return networkFailure(notHttp2("the server", isTls), cause);
  const name = resetNames[rstCode] ?? `code-${rstCode}`;
  const without = rstCode === constants.NGHTTP2_NO_ERROR ? " without an answer" : "";
  const message = `${resetters[rstCode] ?? "the server reset the stream"} (${name})${without}`;
  const reason: FailureReason = `rst-${name}`;
  const code = resetCodes[rstCode] ?? Code.Internal;
  if (code === Code.Unavailable) return networkFailure({ reason, message }, cause);
  const fromServer = code === Code.Canceled;
  return failure(code, message, { reason, fromServer, ...(httpStatus && { httpStatus }) }, { cause });
}
