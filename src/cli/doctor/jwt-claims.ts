/** What a JWT says about itself; nothing of it is verified. */
export interface JwtClaims {
  readonly iss?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly iat?: unknown;
  readonly scope?: unknown;
  readonly nonce?: unknown;
  readonly at_hash?: unknown;
}

/** Reads a JWT's claims, `undefined` if the token is none. */
export function readJwtClaims(token: string): JwtClaims | undefined {
  const [header, payload, signature, ...rest] = token.split(".");
  if (!header || !payload || signature === undefined || rest.length > 0) return undefined;
  const claims = parse(payload);
  return parse(header) && claims ? claims : undefined;
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
