// Set by the protocols, by HTTP or from the token. `user-agent` is not among them.
const reserved =
  /^(?:authorization|proxy-authorization|content-type|content-length|content-encoding|te|trailer|host|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|accept|accept-encoding|cookie|x-grpc-web|grpc-.*|:.*)$/;

/**
 * The caller's metadata as request headers; names in lower case, values of one name joined by a comma. Throws a
 * TypeError that names the header, never its value.
 */
export function requestMetadata(init: HeadersInit | undefined, ownAuthorization: boolean): Record<string, string> {
  if (init === undefined) return {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of entriesOf(init)) {
    const key = String(name).toLowerCase();
    // Without a token of its own the client leaves this one to the caller.
    if (reserved.test(key) && !(key === "authorization" && ownAuthorization)) {
      const remedy = key === "authorization" ? "pass `token` instead" : "leave it away";
      throw new TypeError(`the header "${printable(key)}" is set by this package: ${remedy}`);
    }
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(key)) throw new TypeError(`"${printable(key)}" is not a valid header name`);
    // What gRPC allows in metadata: printable ASCII (PROTOCOL-HTTP2, ASCII-Value).
    if (!/^[\x20-\x7e]*$/.test(value)) {
      throw new TypeError(`the value of the header "${key}" has characters that are not printable ASCII`);
    }
    metadata[key] = key in metadata ? `${metadata[key]}, ${value}` : value;
  }
  return metadata;
}

function entriesOf(init: HeadersInit): Iterable<readonly [string, string]> {
  if (Symbol.iterator in init) return init as Iterable<[string, string]>;
  return Object.entries(init as Record<string, string>);
}

function printable(name: string): string {
  return name.slice(0, 60).replace(/[^\x20-\x7e]/g, "?");
}
