/** One request that the local ZITADEL got. */
export interface LocalRequest {
  /** Who served it; `other` for health checks and the like. A preflight has the protocol of the call it asks for. */
  readonly protocol: "grpc" | "grpc-web" | "rest" | "other";
  /** HTTP method. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly httpVersion: "1.1" | "2";
  /** By lower-case name. The access token is left out: `authorization` is `Bearer [redacted]`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Which connection it came on: the first is 1. */
  readonly connection: number;
}

/** A file that the local server gives to whoever asks, such as a page's. */
export interface LocalAsset {
  readonly headers: Readonly<Record<string, string>>;
  /** A function makes it from the request's headers, by lower-case name, or not: then the answer is 403. */
  readonly body: string | Uint8Array | ((headers: Readonly<Record<string, string>>) => string | undefined);
}
