import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { Http2Options, TlsOptions } from "../http2-options.js";

/** `Http2Options` with every default filled in; what is off is `Infinity`. */
export interface Http2Settings extends Pick<Http2Options, "createConnection"> {
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly servername: string | undefined;
  /** The certificates, made ready once. */
  readonly secureContext: SecureContext | undefined;
}

/** Checks `Http2Options` and fills in what is left out. Throws a TypeError or a RangeError. */
export function http2Settings(options: Http2Options): Http2Settings {
  const { connectTimeoutMs = 5_000, pingIntervalMs = 30_000, pingTimeoutMs = 5_000, idleTimeoutMs = 50_000 } = options;
  const durations = { connectTimeoutMs, pingIntervalMs, pingTimeoutMs, idleTimeoutMs };
  for (const [name, value] of Object.entries(durations)) {
    if (name === "pingIntervalMs" && value === false) continue;
    if (!(typeof value === "number" && value >= 1 && value <= 3_600_000)) {
      throw new RangeError(`http2.${name} must be 1 to 3600000 milliseconds, got ${value}`);
    }
  }
  const { servername } = options.tls ?? {};
  // Node refuses it only when it connects, and some versions take an address without a word.
  if (servername !== undefined && (typeof servername !== "string" || servername === "" || isIP(servername) !== 0)) {
    throw new TypeError("http2.tls.servername must be a host name, and no address");
  }
  return {
    ...durations,
    pingIntervalMs: pingIntervalMs === false ? Number.POSITIVE_INFINITY : pingIntervalMs,
    servername,
    secureContext: options.tls && secureContextOf(options.tls),
    createConnection: options.createConnection,
  };
}

function secureContextOf({ ca, cert, key, passphrase }: TlsOptions): SecureContext {
  if (ca !== undefined) checkAuthorities([ca].flat());
  // Node takes one without the other, or an empty one, and shows no certificate.
  for (const [name, value] of Object.entries({ cert, key })) {
    if ((cert ?? key) != null && !value?.length) {
      throw new TypeError(`http2.tls.${name} is missing: a client certificate takes cert and key`);
    }
  }
  try {
    return createSecureContext({ ca, cert, key, passphrase } as SecureContextOptions);
  } catch (cause) {
    throw new TypeError("http2.tls has a certificate, key or passphrase that is not right", { cause });
  }
}

// Node ignores what it cannot read here, and goes on without it. It looks for them only where lines begin.
function checkAuthorities(authorities: readonly (string | Uint8Array)[]): void {
  const isReadable = (ca: string | Uint8Array) => {
    const text = typeof ca === "string" ? ca : Buffer.from(ca).toString();
    const parts = text.replace(/^\ufeff?/, "\n").split(/(?=-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----)/);
    const pems = parts.slice(1);
    return pems.length > 0 && pems.every((pem, at) => parts[at]?.endsWith("\n") && new X509Certificate(pem));
  };
  let cause: unknown;
  try {
    if (authorities.length > 0 && authorities.every(isReadable)) return;
  } catch (error) {
    cause = error;
  }
  const remedy = "pass what the file holds, not its path, each BEGIN and END on a line of its own";
  throw new TypeError(`http2.tls.ca is no certificate in PEM: ${remedy}`, { cause });
}
