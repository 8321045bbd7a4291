import {
  compressionGzip,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { createGrpcWebTransport as createFetchTransport } from "@connectrpc/connect-web";
import { ca } from "../helpers/certificate.js";
import type { Subject } from "./subject.js";
import type { Compression } from "./vectors.js";

type Create = typeof createGrpcTransport | typeof createGrpcWebTransport;

const overHttp2 = (create: Create) => (baseUrl: string, compression: Compression) => {
  const sessionManager = new Http2SessionManager(baseUrl, undefined, { ca });
  const acceptCompression = compression === "COMPRESSION_GZIP" ? [compressionGzip] : [];
  const transport = create({ baseUrl, httpVersion: "2", sessionManager, acceptCompression });
  return { transport, close: () => sessionManager.abort() };
};

/** Connect's own transports, to compare with. */
export const stock: readonly Subject[] = [
  {
    name: "connect-node gRPC, cleartext",
    proto: "PROTOCOL_GRPC",
    via: "http2",
    open: overHttp2(createGrpcTransport),
  },
  { name: "connect-node gRPC, TLS", proto: "PROTOCOL_GRPC", via: "http2-tls", open: overHttp2(createGrpcTransport) },
  {
    name: "connect-node gRPC-Web, HTTP/2",
    proto: "PROTOCOL_GRPC_WEB",
    via: "http2",
    open: overHttp2(createGrpcWebTransport),
  },
  {
    name: "connect-web gRPC-Web, fetch",
    proto: "PROTOCOL_GRPC_WEB",
    via: "http1",
    // connect-web cannot inflate.
    open: (baseUrl, compression) =>
      compression === "COMPRESSION_GZIP" ? undefined : { transport: createFetchTransport({ baseUrl }), close() {} },
  },
];
