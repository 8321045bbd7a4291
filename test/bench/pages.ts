// Pages that list refresh tokens, by each way to do it: bundled for their size, run for their time.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// From build/test/bench, where this file runs.
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Each sets `globalThis.list` to what makes a call to the page's own origin. */
export const pages: Record<string, string> = {
  "ours, gRPC-Web": `
    import { createAuthClient } from "zitadel-refresh-tokens";
    const auth = createAuthClient({ baseUrl: location.origin, token: () => globalThis.token });
    globalThis.list = () => auth.listMyRefreshTokens({});`,
  "ours, gRPC-Web, view and revoke": `
    import { createAuthClient, revokeRefreshTokens, viewRefreshTokens } from "zitadel-refresh-tokens";
    const auth = createAuthClient({ baseUrl: location.origin, token: () => globalThis.token });
    globalThis.revoke = () => revokeRefreshTokens(auth, ["123456789012345678"]);
    globalThis.view = async () => viewRefreshTokens(await auth.listMyRefreshTokens({}));
    globalThis.list = () => auth.listMyRefreshTokens({});`,
  "ours, gRPC-Web and REST": `
    import { createAuthClient, grpcWeb, rest } from "zitadel-refresh-tokens";
    const protocol = location.hash === "#rest" ? rest : grpcWeb;
    const auth = createAuthClient({ baseUrl: location.origin, token: () => globalThis.token, protocol });
    globalThis.list = () => auth.listMyRefreshTokens({});`,
  "connect-web with our generated code": `
    import { createClient } from "@connectrpc/connect";
    import { createGrpcWebTransport } from "@connectrpc/connect-web";
    import { AuthService } from "./gen/zitadel/auth_pb.js";
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: location.origin }));
    globalThis.list = () => auth.listMyRefreshTokens({}, { headers: { authorization: "Bearer " + globalThis.token } });`,
  "connect-web with @zitadel/proto": `
    import { createClient } from "@connectrpc/connect";
    import { createGrpcWebTransport } from "@connectrpc/connect-web";
    import { AuthService } from "@zitadel/proto/zitadel/auth_pb.js";
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: location.origin }));
    globalThis.list = () => auth.listMyRefreshTokens({}, { headers: { authorization: "Bearer " + globalThis.token } });`,
  "nice-grpc-web": `
    import { createChannel, createClient, Metadata } from "nice-grpc-web";
    import { AuthServiceDefinition } from "./test/gen/ts-proto/zitadel/auth.js";
    const auth = createClient(AuthServiceDefinition, createChannel(location.origin));
    const metadata = () => new Metadata({ authorization: "Bearer " + globalThis.token });
    globalThis.list = () => auth.listMyRefreshTokens({}, { metadata: metadata() });`,
  "protobuf-ts": `
    import { GrpcWebFetchTransport } from "@protobuf-ts/grpcweb-transport";
    import { AuthServiceClient } from "./test/gen/protobuf-ts/zitadel/auth_pb.client.js";
    const transport = new GrpcWebFetchTransport({ baseUrl: location.origin, format: "binary" });
    const auth = new AuthServiceClient(transport);
    globalThis.list = async () =>
      (await auth.listMyRefreshTokens({}, { meta: { authorization: "Bearer " + globalThis.token } })).response;`,
  // Its own code generator is no npm package: ts-proto's messages stand in for google-protobuf's.
  "grpc-web": `
    import { GrpcWebClientBase, MethodDescriptor, MethodType } from "grpc-web";
    import { ListMyRefreshTokensRequest, ListMyRefreshTokensResponse } from "./test/gen/ts-proto/zitadel/auth.js";
    const client = new GrpcWebClientBase({ format: "binary" });
    const path = "/zitadel.auth.v1.AuthService/ListMyRefreshTokens";
    const method = new MethodDescriptor(path, MethodType.UNARY, Object, Object,
      (message) => ListMyRefreshTokensRequest.encode(message).finish(),
      (bytes) => ListMyRefreshTokensResponse.decode(bytes));
    globalThis.list = () =>
      client.unaryCall(location.origin + path, {}, { authorization: "Bearer " + globalThis.token }, method);`,
  "@zitadel/client": `
    import { createAuthServiceClient } from "@zitadel/client/v1";
    import { createClientTransport } from "@zitadel/client/web";
    const auth = createAuthServiceClient(createClientTransport(globalThis.token, { baseUrl: location.origin }));
    globalThis.list = () => auth.listMyRefreshTokens({});`,
};

/** A page's script as esbuild makes it for a browser, minified. */
export async function bundleOf(script: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "error",
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
