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
