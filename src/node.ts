/// <reference lib="esnext.disposable" preserve="true" />
import { type AuthClient, createClientOf } from "./client.js";
import { createNodeFetchClient } from "./http/node/fetch.js";
import { createHttp1Client } from "./http/node/http1.js";
import { createHttp2Client } from "./http/node/http2.js";
import { nullPrototype } from "./null-prototype.js";
import type { GivenTransportOptions, TransportOptions } from "./options.js";
import { grpc } from "./protocol/grpc/grpc.js";
import { wire } from "./protocol/protocol.js";
import { type AuthTransport, createTransportFamily, type Runtime } from "./transport.js";

export * from "./public.js";

const runtime: Runtime = {
  protocol: grpc,
  createHttpClient(origin, { fetch, http2 }, protocol) {
    if (fetch && http2) throw new TypeError("fetch and http2 are two ways to send the same call: pass one of them");
    if (fetch) return createNodeFetchClient(origin, fetch);
    if (!http2 && !protocol[wire].needsTrailers) return createHttp1Client(origin, {});
    const options = nullPrototype(http2 ?? {});
    return createHttp2Client(origin, nullPrototype({ ...options, tls: options.tls && nullPrototype(options.tls) }));
  },
};

/**
 * Makes a client of ZITADEL's AuthService, which lists and revokes the refresh tokens of a user. Opens nothing before
 * the first call. Throws a TypeError or RangeError for options that cannot work.
 */
export function createAuthClient(options: TransportOptions | GivenTransportOptions): AuthClient {
  return createClientOf(createTransportFamily(options, runtime));
}

/** Makes the Connect transport under `createAuthClient`, for any generated service and for connect-query. */
export function createAuthTransport(options: TransportOptions | GivenTransportOptions): AuthTransport {
  return createTransportFamily(options, runtime).transport;
}
