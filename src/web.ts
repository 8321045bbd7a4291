/// <reference lib="esnext.disposable" preserve="true" />
import { type AuthClient, createClientOf } from "./client.js";
import { createFetchClient } from "./http/fetch.js";
import { checkGlobals } from "./http/globals.js";
import type { GivenTransportOptions, TransportOptions } from "./options.js";
import { grpcWeb } from "./protocol/grpc/grpc-web.js";
import { type AuthTransport, createTransportFamily, type Runtime, type TransportFamily } from "./transport.js";

export * from "./public.js";

const runtime: Runtime = {
  protocol: grpcWeb,
  createHttpClient(origin, { fetch, http2 }) {
    if (http2) throw new TypeError("http2 works only in Node: omit it here");
    return createFetchClient(origin, fetch);
  },
};

/**
 * Makes a client of ZITADEL's AuthService, which lists and revokes the refresh tokens of a user. Opens nothing before
 * the first call. Throws a TypeError or RangeError for options that cannot work.
 */
export function createAuthClient(options: TransportOptions | GivenTransportOptions): AuthClient {
  return createClientOf(createFamily(options));
}

/** Makes the Connect transport under `createAuthClient`, for any generated service and for connect-query. */
export function createAuthTransport(options: TransportOptions | GivenTransportOptions): AuthTransport {
  return createFamily(options).transport;
}

function createFamily(options: TransportOptions | GivenTransportOptions): TransportFamily {
  checkGlobals();
  return createTransportFamily(options, runtime);
}
