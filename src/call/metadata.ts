import { maxMetadataBytes } from "../limits.js";

// Set by the protocols, by HTTP or from the token, or of a meaning to HTTP/2 (RFC 9113 §8.2.2) or Node, which end the
// connection or fail for no visible reason. `user-agent` is not among them.
const reserved =
  /^(?:authorization|proxy-authorization|content-type|content-length|content-encoding|te|trailer|host|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|http2-settings|expect|accept|accept-encoding|cookie|x-grpc-web|grpc-.*|:.*)$/;

// What HTTP/2 adds for each field (RFC 9113 §6.5.2).
const fieldBytes = 32;

/**
 * The caller's metadata as request headers; names in lower case, values of one name joined by a comma. Throws a
 * TypeError that names the header, never its value.
 */
export function requestMetadata(init: HeadersInit | undefined, ownAuthorization: boolean): Record<string, string> {
  if (init === undefined) return {};
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const entry of entriesOf(init)) {
    if (!Array.isArray(entry)) throw notHeaders();
    const [name, value]: unknown[] = entry;
    const key = String(name).toLowerCase();
    const text = checked(key, value, ownAuthorization);
    bytes += key.length + text.length + fieldBytes;
    if (bytes > maxMetadataBytes) {
      throw new TypeError(
        `the headers are larger than 16 KiB, which servers do not take: "${printable(key)}" is too much`,
      );
    }
    metadata[key] = Object.hasOwn(metadata, key) ? `${metadata[key]}, ${text}` : text;
  }
  return metadata;
}

function checked(key: string, value: unknown, ownAuthorization: boolean): string {
  // Without a token of its own the client leaves this one to the caller.
  if (reserved.test(key) && !(key === "authorization" && ownAuthorization)) {
    const remedy = key === "authorization" ? "pass `token` instead" : "omit it";
    throw new TypeError(`the header "${printable(key)}" is set by this package: ${remedy}`);
  }
  // The one name that no object can hold.
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key) || key === "__proto__") {
    throw new TypeError(`"${printable(key)}" is not a valid header name`);
  }
  // What gRPC allows in metadata (PROTOCOL-HTTP2, ASCII-Value).
  if (typeof value !== "string" || !/^[\x20-\x7e]*$/.test(value)) {
    throw new TypeError(`the value of the header "${printable(key)}" must be a string of printable ASCII characters`);
  }
  return value.trim();
}

function entriesOf(init: HeadersInit): Iterable<unknown> {
  if (typeof init !== "object" || init === null) throw notHeaders();
  return Symbol.iterator in init ? init : Object.entries(init);
}

function notHeaders(): TypeError {
  return new TypeError("headers must be Headers, an object, or pairs of a name and a value");
}

function printable(name: string): string {
  return name.slice(0, 60).replace(/[^\x20-\x7e]/g, "?");
}
