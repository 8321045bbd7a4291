import {
  type CallOptions,
  ConnectError,
  createClient,
  createRouterTransport,
  type HandlerContext,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import {
  createGrpcTransport as createNodeGrpc,
  createGrpcWebTransport as createNodeGrpcWeb,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { createGrpcWebTransport as createWebGrpcWeb } from "@connectrpc/connect-web";
import { AuthService } from "../../gen/zitadel/auth_pb.js";
import { createAuthTransport, grpc, grpcWeb, rest } from "../../src/node.js";

/** One way to call: a protocol over an HTTP client, ours, stock, or ours over stock. */
export interface Subject {
  readonly name: string;
  readonly protocol: "grpc" | "grpc-web" | "rest";
  readonly http: 1 | 2;
  /** Whether it is this library's, rather than one to compare with. */
  readonly ours: boolean;
  /** Whether it refreshes tokens, counts attempts and so on, whatever sends. */
  readonly wraps?: boolean;
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

/** Ours over a stock transport, which then knows nothing of the token. */
const wrapped = (stock: Subject): Subject => ({
  ...stock,
  name: `the wrapper over ${stock.name}`,
  ours: true,
  wraps: true,
  open(baseUrl, token) {
    const { transport: given, close } = stock.open(baseUrl);
    const transport = createAuthTransport({ transport: given, retry: false, ...(token && { token }) });
    return {
      transport,
      async close() {
        await transport.close();
        await close();
      },
    };
  },
});

const stock: readonly Subject[] = [
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

/** Connect's transport for tests, whose handlers here ask the server over another one. */
const router: Subject = {
  name: "a router transport",
  protocol: "grpc",
  http: 2,
  ours: false,
  open(baseUrl) {
    const sessionManager = new Http2SessionManager(baseUrl);
    const server = createClient(AuthService, createNodeGrpc({ baseUrl, sessionManager }));
    const options = ({ requestHeader, responseHeader, responseTrailer, signal }: HandlerContext): CallOptions => ({
      // What the router's own protocol sets is not the caller's.
      headers: [...requestHeader].filter(([name]) => !/^(?:content-type|user-agent|connect-.*|grpc-.*)$/.test(name)),
      signal,
      onHeader: (headers) => copy(headers, responseHeader),
      onTrailer: (headers) => copy(headers, responseTrailer),
    });
    const transport = createRouterTransport(({ service }) => {
      service(AuthService, {
        listMyRefreshTokens: (request, context) => server.listMyRefreshTokens(request, options(context)).catch(rethrow),
        revokeMyRefreshToken: (request, context) =>
          server.revokeMyRefreshToken(request, options(context)).catch(rethrow),
        revokeAllMyRefreshTokens: (request, context) =>
          server.revokeAllMyRefreshTokens(request, options(context)).catch(rethrow),
      });
    });
    return { transport, close: async () => sessionManager.abort() };
  },
};

// As the handler's own error: of one that came from elsewhere a router passes no metadata on.
function rethrow({ rawMessage, code, metadata, details }: ConnectError): never {
  throw Object.assign(new ConnectError(rawMessage, code, metadata), { details });
}

function copy(from: Headers, to: Headers): void {
  for (const [name, value] of from) if (name.startsWith("x-")) to.set(name, value);
}

export const subjects: readonly Subject[] = [
  ours("grpc over http2", grpc, "grpc", 2),
  ours("grpc-web over http1", grpcWeb, "grpc-web", 1),
  ours("grpc-web over http2", grpcWeb, "grpc-web", 2),
  ours("rest over http1", rest, "rest", 1),
  ours("rest over http2", rest, "rest", 2),
  ...stock,
  ...[...stock, router].map(wrapped),
];

/** The first of this library's for each protocol: what differs by HTTP client is for recorded answers to show. */
export const onePerProtocol: readonly Subject[] = (["grpc", "grpc-web", "rest"] as const).flatMap(
  (protocol) => subjects.find((each) => each.ours && each.protocol === protocol) ?? [],
);
