import { createAuthClient, grpc, grpcWeb, rest, type TransportOptions } from "../../src/node.js";
import { type RawH2Options, type RawH2Server, type RawH2Stream, startRawH2 } from "../helpers/raw-h2.js";
import {
  type RawHttp1Exchange,
  type RawHttp1Options,
  type RawHttp1Server,
  startRawHttp1,
} from "../helpers/raw-http1.js";
import { canaryToken } from "./canary.js";

/** The ways a call can take: gRPC needs HTTP/2, the other two go over any client. */
export type Route = keyof typeof routes;

export type ClientOptions = TransportOptions;

export type Client = ReturnType<typeof createAuthClient>;

const routes = {
  grpc: { protocol: grpc, http: 2 },
  grpcWeb: { protocol: grpcWeb, http: 1 },
  rest: { protocol: rest, http: 1 },
  "grpcWeb over http2": { protocol: grpcWeb, http: 2 },
  "rest over http2": { protocol: rest, http: 2 },
  "rest over fetch": { protocol: rest, http: 1, fetch: (...args: Parameters<typeof fetch>) => fetch(...args) },
} as const;

export const overHttp2: readonly Route[] = ["grpc", "grpcWeb over http2", "rest over http2"];
export const overHttp1: readonly Route[] = ["grpcWeb", "rest"];
export const everyRoute: readonly Route[] = [...overHttp2, ...overHttp1];
/** Not among the others, since most of what it shows is theirs: for what the code around `fetch` decides. */
export const overFetch: readonly Route[] = ["rest over fetch"];
export const everyClient: readonly Route[] = [...everyRoute, ...overFetch];

/** Which HTTP a route speaks. */
export function versionOf(route: Route): 1 | 2 {
  return routes[route].http;
}

/** The client of a row: the canary for a token, short waits. `http2` is for the routes over HTTP/2 alone. */
export function clientFor(route: Route, options: ClientOptions) {
  const { http2, ...rest } = options;
  const { protocol, http, ...sender } = routes[route];
  return createAuthClient({
    token: canaryToken,
    timeoutMs: 2000,
    retry: { initialBackoffMs: 1, maxBackoffMs: 1 },
    ...rest,
    protocol,
    ...sender,
    ...(http === 2 ? { http2: http2 ?? {} } : {}),
  });
}

/** What answers of either HTTP version have in common. */
export type RawExchange = RawH2Stream | RawHttp1Exchange;

export interface RawOptions extends Pick<RawH2Options, "takeSocket" | "tls"> {
  onRequest?: (exchange: RawExchange) => void;
}

/** The raw server that a route talks to. */
export function startRaw(route: Route, options: RawOptions): Promise<RawH2Server | RawHttp1Server> {
  if (routes[route].http === 2) return startRawH2(options satisfies RawH2Options);
  return startRawHttp1(options satisfies RawHttp1Options);
}
