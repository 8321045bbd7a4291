/** One way to list refresh tokens. */
export type Candidate = {
  list(): Promise<{ result: readonly unknown[] }>;
  close(): unknown;
};

// An opaque token as ZITADEL issues them. The canned server asks for none.
const token = "V5rXfWb3yT8nQ2kLzJ7mC4dG9hS6pA1eR0uI_oXcVbNmKjHgFdSaQwErTyUiOpLkJhGfDsAzXcVbNm";

/** Where a candidate finds its server, and how many tokens that answers. */
export type Where = { baseUrl: string; tokens: number };

// Only what a candidate needs is loaded: each runs in a process of its own.

/** gRPC over HTTP/2. */
export const grpcCandidates = {
  /** With a token, and with the deadline and the retries that are on by default. */
  async ours({ baseUrl }) {
    const { createAuthClient } = await import("../../src/node.js");
    const auth = createAuthClient({ baseUrl, token: () => token });
    return { list: () => auth.listMyRefreshTokens({}), close: () => auth.close() };
  },

  /** The wrapper over connect-node's transport. */
  async "ours over connect-node"({ baseUrl }) {
    const { createAuthClient } = await import("../../src/node.js");
    const { createGrpcTransport, Http2SessionManager } = await import("@connectrpc/connect-node");
    const sessionManager = new Http2SessionManager(baseUrl);
    const auth = createAuthClient({ transport: createGrpcTransport({ baseUrl, sessionManager }), token: () => token });
    return { list: () => auth.listMyRefreshTokens({}), close: () => sessionManager.abort() };
  },

  /** `node:http2` and the decoder. */
  async floor({ baseUrl }) {
    const { createFloor } = await import("./floor.js");
    return createFloor(baseUrl);
  },

  /** The decoder alone, without any call. */
  async decoding({ tokens }) {
    const { fromBinary } = await import("@bufbuild/protobuf");
    const { ListMyRefreshTokensResponseSchema } = await import("../../gen/zitadel/auth_pb.js");
    const { answer } = await import("./answer.js");
    const bytes = answer(tokens);
    return { list: async () => fromBinary(ListMyRefreshTokensResponseSchema, bytes), close() {} };
  },

  async "connect-node"({ baseUrl }) {
    const { createClient } = await import("@connectrpc/connect");
    const { createGrpcTransport, Http2SessionManager } = await import("@connectrpc/connect-node");
    const { AuthService } = await import("../../gen/zitadel/auth_pb.js");
    const sessionManager = new Http2SessionManager(baseUrl);
    const auth = createClient(AuthService, createGrpcTransport({ baseUrl, sessionManager }));
    return { list: () => auth.listMyRefreshTokens({}), close: () => sessionManager.abort() };
  },

  /** As its users have it, with ts-proto. */
  async "grpc-js"({ baseUrl }) {
    const { ListMyRefreshTokensRequest, ListMyRefreshTokensResponse } = await import("../gen/ts-proto/zitadel/auth.js");
    return grpcJs(
      baseUrl,
      () => Buffer.from(ListMyRefreshTokensRequest.encode({}).finish()),
      (bytes) => ListMyRefreshTokensResponse.decode(bytes),
    );
  },

  async "grpc-js, our decoder"({ baseUrl }) {
    const { create, fromBinary, toBinary } = await import("@bufbuild/protobuf");
    const schemas = await import("../../gen/zitadel/auth_pb.js");
    const { ListMyRefreshTokensRequestSchema: request, ListMyRefreshTokensResponseSchema: response } = schemas;
    return grpcJs(
      baseUrl,
      () => Buffer.from(toBinary(request, create(request, {}))),
      (bytes) => fromBinary(response, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)),
    );
  },

  /** As its documentation has it, with ts-proto. */
  async "nice-grpc"({ baseUrl }) {
    const { createChannel, createClient } = await import("nice-grpc");
    const { AuthServiceDefinition } = await import("../gen/ts-proto/zitadel/auth.js");
    const channel = createChannel(baseUrl);
    const auth = createClient(AuthServiceDefinition, channel);
    return { list: () => auth.listMyRefreshTokens({}), close: () => channel.close() };
  },

  async "@zitadel/client"({ baseUrl }) {
    const { createServerTransport } = await import("@zitadel/client/node");
    const { createAuthServiceClient } = await import("@zitadel/client/v1");
    const { Http2SessionManager } = await import("@connectrpc/connect-node");
    const sessionManager = new Http2SessionManager(baseUrl);
    const auth = createAuthServiceClient(createServerTransport(token, { baseUrl, sessionManager }));
    return { list: () => auth.listMyRefreshTokens({}), close: () => sessionManager.abort() };
  },

  /** As its manual has it, with its own code generator, which here optimizes for speed. */
  async "protobuf-ts"({ baseUrl }) {
    const { GrpcTransport } = await import("@protobuf-ts/grpc-transport");
    const { ChannelCredentials } = await import("@grpc/grpc-js");
    const { AuthServiceClient } = await import("../gen/protobuf-ts/zitadel/auth_pb.client.js");
    const { host, protocol } = new URL(baseUrl);
    const secure = protocol === "https:";
    const channelCredentials = secure ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
    const transport = new GrpcTransport({ host, channelCredentials });
    const auth = new AuthServiceClient(transport);
    return { list: async () => (await auth.listMyRefreshTokens({})).response, close: () => transport.close() };
  },
} satisfies Record<string, CreateCandidate>;

const webPath = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
const restPath = "/auth/v1/users/me/tokens/refresh/_search";

/** gRPC-Web over HTTP/1.1. */
export const grpcWebCandidates = {
  async "ours, gRPC-Web"({ baseUrl }) {
    const { createAuthClient, grpcWeb } = await import("../../src/node.js");
    const auth = createAuthClient({ baseUrl, token: () => token, protocol: grpcWeb });
    return { list: () => auth.listMyRefreshTokens({}), close: () => auth.close() };
  },

  async "ours, gRPC-Web, over fetch"({ baseUrl }) {
    const { createAuthClient, grpcWeb } = await import("../../src/node.js");
    const auth = createAuthClient({ baseUrl, token: () => token, protocol: grpcWeb, fetch });
    return { list: () => auth.listMyRefreshTokens({}), close: () => auth.close() };
  },

  /** `node:http` and the decoder. */
  async "floor, gRPC-Web"({ baseUrl }) {
    const { createHttp1Floor } = await import("./floor.js");
    const { fromBinary } = await import("@bufbuild/protobuf");
    const { ListMyRefreshTokensResponseSchema } = await import("../../gen/zitadel/auth_pb.js");
    const { envelope } = await import("./answer.js");
    const headers = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" };
    const floor = createHttp1Floor(baseUrl + webPath, headers, envelope(new Uint8Array()));
    const decode = (body: Buffer) =>
      fromBinary(
        ListMyRefreshTokensResponseSchema,
        new Uint8Array(body.buffer, body.byteOffset + 5, body.readUInt32BE(1)),
      );
    return { list: async () => decode(await floor.send()), close: floor.close };
  },

  async "connect-web"({ baseUrl }) {
    const { createClient } = await import("@connectrpc/connect");
    const { createGrpcWebTransport } = await import("@connectrpc/connect-web");
    const { AuthService } = await import("../../gen/zitadel/auth_pb.js");
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl }));
    return { list: () => auth.listMyRefreshTokens({}), close() {} };
  },

  async "connect-node, gRPC-Web"({ baseUrl }) {
    const { createClient } = await import("@connectrpc/connect");
    const { createGrpcWebTransport } = await import("@connectrpc/connect-node");
    const { AuthService } = await import("../../gen/zitadel/auth_pb.js");
    const { Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true });
    const options = { baseUrl, httpVersion: "1.1", nodeOptions: { agent } } as const;
    const auth = createClient(AuthService, createGrpcWebTransport(options));
    return { list: () => auth.listMyRefreshTokens({}), close: () => agent.destroy() };
  },

  /** As its documentation has it, with ts-proto. */
  async "nice-grpc-web"({ baseUrl }) {
    const { createChannel, createClient } = await import("nice-grpc-web");
    const { AuthServiceDefinition } = await import("../gen/ts-proto/zitadel/auth.js");
    const auth = createClient(AuthServiceDefinition, createChannel(baseUrl));
    return { list: () => auth.listMyRefreshTokens({}), close() {} };
  },

  async "protobuf-ts, gRPC-Web"({ baseUrl }) {
    const { GrpcWebFetchTransport } = await import("@protobuf-ts/grpcweb-transport");
    const { AuthServiceClient } = await import("../gen/protobuf-ts/zitadel/auth_pb.client.js");
    const auth = new AuthServiceClient(new GrpcWebFetchTransport({ baseUrl, format: "binary" }));
    return { list: async () => (await auth.listMyRefreshTokens({})).response, close() {} };
  },
} satisfies Record<string, CreateCandidate>;

type CreateCandidate = (where: Where) => Promise<Candidate>;

/** REST over HTTP/1.1. */
export const restCandidates = {
  async "ours, REST"({ baseUrl }) {
    const { createAuthClient, rest } = await import("../../src/node.js");
    const auth = createAuthClient({ baseUrl, token: () => token, protocol: rest });
    return { list: () => auth.listMyRefreshTokens({}), close: () => auth.close() };
  },

  async "ours, REST, over fetch"({ baseUrl }) {
    const { createAuthClient, rest } = await import("../../src/node.js");
    const auth = createAuthClient({ baseUrl, token: () => token, protocol: rest, fetch });
    return { list: () => auth.listMyRefreshTokens({}), close: () => auth.close() };
  },

  /** What one would write without any client. */
  async "fetch and JSON.parse"({ baseUrl }) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const list = async () => {
      const response = await fetch(baseUrl + restPath, { method: "POST", headers, body: "{}" });
      return JSON.parse(await response.text()) as { result: unknown[] };
    };
    return { list, close() {} };
  },

  async "floor, REST"({ baseUrl }) {
    const { createHttp1Floor } = await import("./floor.js");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const floor = createHttp1Floor(baseUrl + restPath, headers, Buffer.from("{}"));
    return { list: async () => JSON.parse((await floor.send()).toString()), close: floor.close };
  },
} satisfies Record<string, CreateCandidate>;

/** All that speaks HTTP/1.1. */
export const http1Candidates: Record<string, CreateCandidate> = { ...grpcWebCandidates, ...restCandidates };

/** All that calls over the network, by name. */
export const candidates: Record<string, CreateCandidate> = { ...grpcCandidates, ...http1Candidates };

/** Whether it is somebody else's, to compare with, and no part or variant of ours. */
export const isPeer = (name: string) => !/^(?:ours|floor|decoding)\b/.test(name);

async function grpcJs<T extends { result: readonly unknown[] }>(
  baseUrl: string,
  serialize: () => Buffer,
  deserialize: (bytes: Buffer) => T,
): Promise<Candidate> {
  const { Client, credentials } = await import("@grpc/grpc-js");
  const { host, protocol } = new URL(baseUrl);
  const secure = protocol === "https:";
  const client = new Client(host, secure ? credentials.createSsl() : credentials.createInsecure());
  const path = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
  return {
    list: () =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(path, serialize, deserialize, {}, (error, response) => {
          if (response) resolve(response);
          else reject(error);
        });
      }),
    close: () => client.close(),
  };
}
