import type { Exchange } from "./exchange.js";
import type { Release } from "./release.js";

/** What a server allows pages of other origins to do, which are all allowed. */
export interface CorsPolicy {
  requestHeaders(release: Release): readonly string[];
  readonly methods: readonly string[];
  readonly maxAgeSeconds?: number;
}

const commonHeaders = [
  "accept",
  "accept-language",
  "authorization",
  "content-type",
  "origin",
  "x-grpc-web",
  "x-user-agent",
  "x-zitadel-orgid",
];

export const restCors: CorsPolicy = {
  requestHeaders: ({ corsHeaders }) => [...commonHeaders, ...corsHeaders.rest],
  methods: ["OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
};

/** Without `grpc-timeout`, unlike REST: a browser app that sends it over gRPC-Web fails. */
export const grpcWebCors: CorsPolicy = {
  requestHeaders: ({ corsHeaders }) => [...commonHeaders, "u-a", ...corsHeaders.grpcWeb],
  methods: ["GET", "POST", "HEAD"],
  maxAgeSeconds: 600,
};

export function isPreflight(exchange: Exchange): boolean {
  return exchange.method === "OPTIONS" && Boolean(exchange.header("access-control-request-method"));
}

/** The headers of the answer to a preflight. A refusal is told by what is missing. */
export function preflightHeaders(policy: CorsPolicy, release: Release, exchange: Exchange): Record<string, string> {
  const vary = { Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" };
  const origin = exchange.header("origin");
  const method = exchange.header("access-control-request-method") ?? "";
  const names = exchange.header("access-control-request-headers");
  const allowed = policy.requestHeaders(release);
  // Browsers send them in lower case, sorted; nobody else asks.
  const refused = names?.split(",").some((name) => !allowed.includes(name.trim()));
  if (!origin || !policy.methods.includes(method) || refused) return vary;
  return {
    ...vary,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Allow-Methods": method,
    "Access-Control-Allow-Origin": origin,
    ...(names && { "Access-Control-Allow-Headers": names }),
    ...(policy.maxAgeSeconds && { "Access-Control-Max-Age": String(policy.maxAgeSeconds) }),
  };
}

/** The headers that any other answer has. */
export function corsHeaders(policy: CorsPolicy, exchange: Exchange): Record<string, string> {
  const origin = exchange.header("origin");
  return origin && policy.methods.includes(exchange.method)
    ? { "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Origin": origin }
    : {};
}
