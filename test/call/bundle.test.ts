import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";

// From build/test/call, where this file runs.
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A minified bundle for browsers. */
const bundleOf = (contents: string) =>
  build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    logLevel: "silent",
  });

/** Bytes that each module contributes to it. */
async function bundle(contents: string): Promise<Map<string, number>> {
  const { metafile } = await bundleOf(contents);
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {}).map(
    ([path, { bytesInOutput }]) => [path, bytesInOutput] as const,
  );
  return new Map(inputs.filter(([, bytes]) => bytes > 0));
}

function bytesOf(modules: Map<string, number>, pattern: RegExp): number {
  return [...modules].reduce((sum, [path, bytes]) => sum + (pattern.test(path) ? bytes : 0), 0);
}

const own = `
  import { createAuthClient } from "zitadel-refresh-tokens";
  createAuthClient({ baseUrl: "https://zitadel.example" }).listMyRefreshTokens({});`;
const signIns = `
  import { createAuthClient, listSignIns } from "zitadel-refresh-tokens";
  listSignIns(createAuthClient({ baseUrl: "https://zitadel.example" }));`;
const given = `
  import { createGrpcWebTransport } from "@connectrpc/connect-web";
  import { createAuthClient } from "zitadel-refresh-tokens";
  const transport = createGrpcWebTransport({ baseUrl: "https://zitadel.example" });
  createAuthClient({ transport }).listMyRefreshTokens({});`;

describe("a bundle", () => {
  test("of the own protocols holds nothing of Connect's transports, and not REST", async () => {
    const modules = await bundle(own);
    expect(bytesOf(modules, /\/src\/protocol\/grpc\//)).toBeGreaterThan(0);
    expect(
      bytesOf(modules, /connect-(?:web|node)|\/connect\/.*\/protocol(?!-connect\/code-string)|router|\/rest\//),
    ).toBe(0);
  });

  test("holds no descriptors of descriptor.proto, which base64 would need", async () => {
    const modules = await bundle(own);
    expect(bytesOf(modules, /\/gen\/zitadel\/auth_pb/)).toBeGreaterThan(0);
    expect(bytesOf(modules, /\/protobuf\/dist\/esm\/(wkt\/.*_pb|codegenv2\/file)\.js/)).toBe(0);
  });

  // One createAuthClient makes both, so its own way stays reachable: this is by how much the bundle misses. With gzip
  // it is a third of that, in a bundle of 47 kB.
  test("of a given transport holds at most 17 kB of ours that it does not use", async () => {
    const modules = await bundle(given);
    expect(bytesOf(modules, /connect-web/)).toBeGreaterThan(0);
    const unused = bytesOf(modules, /\/src\/(?:protocol|http)\/|\/src\/options/);
    expect(unused).toBeGreaterThan(0);
    expect(unused).toBeLessThanOrEqual(17_000);
  });

  const signInsOnly = /\/src\/(?:sign-ins|view|revoke|end-sign-ins)|\/gen\/zitadel\/session\//;

  test("that lists refresh tokens alone holds nothing of sign-ins", async () => {
    expect(bytesOf(await bundle(own), signInsOnly)).toBe(0);
    expect(bytesOf(await bundle(signIns), signInsOnly)).toBeGreaterThan(0);
  });

  test("that lists sign-ins is at most 4 kB larger with gzip", async () => {
    const sizeOf = async (contents: string) => {
      const [file] = (await bundleOf(contents)).outputFiles;
      return gzipSync(file?.contents ?? "", { level: 9 }).length;
    };
    const [plain, larger] = [await sizeOf(own), await sizeOf(signIns)];
    expect(larger).toBeGreaterThan(plain);
    expect(larger - plain).toBeLessThanOrEqual(4_000);
  });
});
