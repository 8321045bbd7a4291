import type { Interceptor, Transport } from "@connectrpc/connect";
import {
  createGrpcTransport as createNodeGrpc,
  createGrpcWebTransport as createNodeGrpcWeb,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { createGrpcWebTransport as createWebGrpcWeb } from "@connectrpc/connect-web";
import { createAuthTransport, grpc, grpcWeb, rest } from "../../src/node.js";

/** One way to call: a protocol over an HTTP client. */
export interface Subject {
  readonly name: string;
  readonly protocol: "grpc" | "grpc-web" | "rest";
  readonly http: 1 | 2;
  /** Whether it is this library's, rather than one to compare with. */
  readonly ours: boolean;
  readonly open: (baseUrl: string, token?: string) => { transport: Transport; close: () => Promise<void> };
}

// Retries are off, so that every subject sends one request.
const ours = (
  name: string,
  protocol: typeof grpc | typeof grpcWeb | typeof rest,
  kind: Subject["protocol"],
  http: 1 | 2,
): Subject => ({
  name,
  protocol: kind,
  http,
  ours: true,
  open(baseUrl, token) {
    const transport = createAuthTransport({
      baseUrl,
      protocol,
      retry: false,
      ...(token && { token }),
      ...(http === 2 && { http2: {} }),
    });
    return { transport, close: async () => transport.close() };
  },
});

// Stock transports know nothing of tokens.
const bearer =
  (token: string): Interceptor =>
  (next) =>
  (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };

const stockNode = (
  name: string,
  create: typeof createNodeGrpc | typeof createNodeGrpcWeb,
  protocol: Subject["protocol"],
): Subject => ({
  name,
  protocol,
  http: 2,
  ours: false,
  open(baseUrl, token) {
    const sessionManager = new Http2SessionManager(baseUrl);
    const interceptors = token ? [bearer(token)] : [];
    const transport = create({ baseUrl, httpVersion: "2", sessionManager, interceptors });
    return { transport, close: async () => sessionManager.abort() };
  },
});

export const subjects: readonly Subject[] = [
  ours("grpc over http2", grpc, "grpc", 2),
  ours("grpc-web over fetch", grpcWeb, "grpc-web", 1),
  ours("grpc-web over http2", grpcWeb, "grpc-web", 2),
  ours("rest over fetch", rest, "rest", 1),
  ours("rest over http2", rest, "rest", 2),
  stockNode("connect-node's grpc", createNodeGrpc, "grpc"),
  stockNode("connect-node's grpc-web", createNodeGrpcWeb, "grpc-web"),
  {
    name: "connect-web's grpc-web",
    protocol: "grpc-web",
    http: 1,
    ours: false,
    open(baseUrl, token) {
      const transport = createWebGrpcWeb({ baseUrl, interceptors: token ? [bearer(token)] : [] });
      return { transport, close: async () => {} };
    },
  },
];
