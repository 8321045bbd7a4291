import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// From build/test/bench, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

const baseUrl = `"https://my-instance.zitadel.cloud"`;

/** Listing refresh tokens from a page, by each way to do it. */
const pages: Record<string, string> = {
  "ours, gRPC-Web": `
    import { createAuthClient } from "zitadel-refresh-tokens";
    const auth = createAuthClient({ baseUrl: ${baseUrl}, token: () => sessionStorage.token });
    console.log(await auth.listMyRefreshTokens({}));`,
  "ours, gRPC-Web and REST": `
    import { createAuthClient, grpcWeb, rest } from "zitadel-refresh-tokens";
    const protocol = location.hash === "#rest" ? rest : grpcWeb;
    const auth = createAuthClient({ baseUrl: ${baseUrl}, token: () => sessionStorage.token, protocol });
    console.log(await auth.listMyRefreshTokens({}));`,
  "connect-web with our generated code": `
    import { createClient } from "@connectrpc/connect";
    import { createGrpcWebTransport } from "@connectrpc/connect-web";
    import { AuthService } from "./gen/zitadel/auth_pb.js";
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: ${baseUrl} }));
    const headers = { authorization: "Bearer " + sessionStorage.token };
    console.log(await auth.listMyRefreshTokens({}, { headers }));`,
  "connect-web with @zitadel/proto": `
    import { createClient } from "@connectrpc/connect";
    import { createGrpcWebTransport } from "@connectrpc/connect-web";
    import { AuthService } from "@zitadel/proto/zitadel/auth_pb.js";
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: ${baseUrl} }));
    const headers = { authorization: "Bearer " + sessionStorage.token };
    console.log(await auth.listMyRefreshTokens({}, { headers }));`,
  "@zitadel/client": `
    import { createAuthServiceClient } from "@zitadel/client/v1";
    import { createClientTransport } from "@zitadel/client/web";
    const auth = createAuthServiceClient(createClientTransport(sessionStorage.token, { baseUrl: ${baseUrl} }));
    console.log(await auth.listMyRefreshTokens({}));`,
};

/** In kB, at most. */
const limits: Record<string, number> = { "ours, gRPC-Web": 26, "ours, gRPC-Web and REST": 36 };

async function sizeOf(script: string): Promise<{ minified: number; gzip: number }> {
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
  const bundle = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: bundle.length, gzip: gzipSync(bundle, { level: 9 }).length };
}

const { values: options } = parseArgs({ options: { json: { type: "string" } } });
const sizes: Record<string, { minified: number; gzip: number; limit?: number }> = {};
for (const [name, script] of Object.entries(pages)) {
  const limit = limits[name];
  sizes[name] = { ...(await sizeOf(script)), ...(limit !== undefined && { limit: limit * 1000 }) };
}

const kilobytes = (bytes: number | undefined) => (bytes === undefined ? "" : Number((bytes / 1000).toFixed(1)));
console.table(
  Object.fromEntries(
    Object.entries(sizes).map(([name, { minified, gzip, limit }]) => [
      name,
      { "minified kB": kilobytes(minified), "gzip kB": kilobytes(gzip), "at most": kilobytes(limit) },
    ]),
  ),
);
if (options.json) writeFileSync(options.json, `${JSON.stringify(sizes, null, 2)}\n`);
