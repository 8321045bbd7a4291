// The library as the command has it: HTTP/1.1 through proxies and with certificates of the user's own, which the public
// options cannot say.
import { type AuthClient, createClientOf } from "../client.js";
import { createHttp1Client } from "../http/node/http1.js";
import { grpcWeb, type Http2Options, type TransportOptions } from "../node.js";
import { createTransportFamily } from "../transport.js";

export { createAgent, moduleFor } from "../http/node/agent.js";
export { http2Settings } from "../http/node/settings.js";
export * from "../node.js";

/** Makes a client whose connections speak HTTP/1.1 and are made as `connection` says. */
export function createHttp1AuthClient(options: TransportOptions, connection: Http2Options): AuthClient {
  const createHttpClient = (origin: string) => createHttp1Client(origin, connection);
  return createClientOf(createTransportFamily(options, { protocol: grpcWeb, createHttpClient }));
}
