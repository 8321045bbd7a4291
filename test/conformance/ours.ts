import type { Interceptor } from "@connectrpc/connect";
import { createAuthTransport, grpc, grpcWeb, type TransportOptions } from "../../src/node.js";
import { ca } from "../helpers/certificate.js";
import type { Subject } from "./subject.js";

const open = (options: Omit<TransportOptions, "baseUrl">) => (baseUrl: string) => {
  // The vectors forbid a second request, and a deadline that no case asked for.
  const transport = createAuthTransport({ ...options, baseUrl, retry: false, timeoutMs: false });
  return { transport, close: () => transport.close() };
};

const passOn: Interceptor = (next) => (request) => next(request);
const http2 = { tls: { ca } };

/** This package's transport, by every way it has in Node. */
export const ours: readonly Subject[] = [
  { name: "ours gRPC, cleartext", proto: "PROTOCOL_GRPC", via: "http2", open: open({ protocol: grpc }) },
  { name: "ours gRPC, TLS", proto: "PROTOCOL_GRPC", via: "http2-tls", open: open({ protocol: grpc, http2 }) },
  {
    name: "ours gRPC, an interceptor in between",
    proto: "PROTOCOL_GRPC",
    via: "http2",
    open: open({ protocol: grpc, interceptors: [passOn] }),
  },
  {
    name: "ours gRPC-Web, HTTP/2",
    proto: "PROTOCOL_GRPC_WEB",
    via: "http2",
    open: open({ protocol: grpcWeb, http2 }),
  },
  { name: "ours gRPC-Web, HTTP/1.1", proto: "PROTOCOL_GRPC_WEB", via: "http1", open: open({ protocol: grpcWeb }) },
  {
    name: "ours gRPC-Web, fetch, an interceptor in between",
    proto: "PROTOCOL_GRPC_WEB",
    via: "http1",
    open: open({ protocol: grpcWeb, fetch, interceptors: [passOn] }),
  },
];
