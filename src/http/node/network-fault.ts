import { constants } from "node:http2";
import { Code } from "@connectrpc/connect";
import type { NetworkFault } from "../network-failure.js";

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
  if (name === "NotCapable" || name === "PermissionDenied") return "EPERM";
  return codeOfWords.find(([words]) => words.test(String(message).slice(0, 1000)))?.[1] ?? "";
}

/**
 * Reads what went wrong from the code that Node gives its network errors, `undefined` if it has none that is known.
 * `host` is for the message.
 */
export function networkFault(error: unknown, host: string): NetworkFault | undefined {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return { reason: "connect-refused", message: `nothing listens at ${host}`, repeat: "not-sent" };
    case "ENOENT": {
      // Of a `createConnection` that connects to a socket file. A `fetch` of the caller's may read files.
      const { syscall, address } = error as { syscall?: unknown; address?: unknown };
      if (syscall !== "connect") return undefined;
      return { reason: "connect-refused", message: `there is no socket file ${String(address)}`, repeat: "not-sent" };
    }
    case "EPERM":
    case "EACCES":
    case "ERR_ACCESS_DENIED": {
      const message = `this program may not connect to ${host}: run it with --allow-net (Deno), or ask the firewall`;
      return { reason: "connect-refused", message, repeat: "never" };
    }
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "UND_ERR_CONNECT_TIMEOUT":
      return { reason: "connect-timeout", message: `${host} cannot be reached`, repeat: "not-sent" };
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
    case "UND_ERR_SOCKET":
      return { reason: "connection-lost", message: `the connection to ${host} was lost` };
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return { reason: "tls-expired", message: `the certificate of ${host} is not valid now`, repeat: "never" };
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return { reason: "tls-hostname", message: `the certificate of ${host} is for another name`, repeat: "never" };
    case "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL":
      return notHttp2(host, true);
    case "UND_ERR_HEADERS_OVERFLOW":
      return { reason: "bad-http", message: `${host} sent more headers than Node takes`, repeat: "never" };
  }
  // The codes of getaddrinfo, and those that only c-ares has.
  if (/^EAI_|^E(?:NOTFOUND|NODATA|NONAME|SERVFAIL|REFUSED|TIMEOUT|FORMERR|NOTIMP|BADNAME|BADRESP)$/.test(code)) {
    // Names rarely come to be within a second, but a resolver can fail once.
    return { reason: "dns", message: `${host} cannot be found: check baseUrl`, repeat: "not-sent", maxRetries: 1 };
  }
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|CERT_/.test(code)) {
    const message = `the certificate of ${host} is not trusted: pass its CA (http2.tls.ca or NODE_EXTRA_CA_CERTS)`;
    return { reason: "tls-untrusted", message, repeat: "never" };
  }
  if (/ALERT_(?:BAD_|UNSUPPORTED_|UNKNOWN_)?(?:CERTIFICATE|CA)|ALERT_ACCESS_DENIED/.test(code)) {
    const message = `${host} refused the client certificate, or wants one: see http2.tls.cert and http2.tls.key`;
    return { reason: "tls", message, repeat: "never" };
  }
  // Five alerts do not have the word in their codes, such as ERR_SSL_TLSV1_UNRECOGNIZED_NAME.
  const [, alert] = /(?:_ALERT|^ERR_SSL_TLSV1)_(?!ALERT)(\w+)/.exec(code) ?? [];
  if (alert) {
    // Who sends an alert speaks TLS. Without a client certificate TLS 1.2 has no more than "handshake failure".
    const wants = "does it want a client certificate (http2.tls.cert and key), another version of TLS or another name?";
    const message = `${host} refused TLS (${alert.toLowerCase().replaceAll("_", " ")}): ${wants}`;
    return { reason: "tls", message, repeat: "never" };
  }
  if (/^(?:ERR_SSL|EPROTO)/.test(code)) {
    return { reason: "tls", message: `TLS with ${host} failed: does that port speak https?`, repeat: "never" };
  }
  // Node 24 gives this error no code. Its `data` is what the server sent, which may be our request, token and all.
  if ((error as Error | undefined)?.name === "HTTPParserError") {
    Object.assign(error as Error, { data: undefined });
    return { reason: "bad-http", message: `${host} does not answer in HTTP`, repeat: "never" };
  }
  return undefined;
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

/** What it comes to that a server ended a connection with GOAWAY. */
export function goawayFault({ code, debug }: Goaway, host: string, isTls: boolean): NetworkFault {
  if (code === constants.NGHTTP2_HTTP_1_1_REQUIRED) return notHttp2(host, isTls);
  const why = debug === "" ? "" : `, "${debug.slice(0, 80)}"`;
  const message = `${host} closed the connection (GOAWAY ${code}${why})`;
  if (code !== constants.NGHTTP2_INADEQUATE_SECURITY) return { reason: "connection-lost", message };
  return { reason: "rst-inadequate-security", message, code: Code.PermissionDenied, repeat: "never" };
}
