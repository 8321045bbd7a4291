import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { build } from "esbuild";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Everything that a module names in an import or a re-export: ours as paths from the root, with "type " before what is
 * gone at run time.
 */
function importsOf(path: string, source: string): string[] {
  // Examples in comments import as well.
  const code = source.replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(/\b(?:(import|export)\s+(type\s)?[^"';]*?from|import)\s*\(?\s*"([^"]+)"/g)].map(
    ([, , type = "", name = ""]) =>
      type + (name.startsWith(".") ? posix.join(dirname(path), name).replace(/\.js$/, ".ts") : name),
  );
}

const protobuf = /^@bufbuild\/protobuf(\/|$)/;
const connect = /^@connectrpc\/connect(\/|$)/;
const gen = /^gen\//;
const errors = /^src\/errors\.ts$/;
const product = /^src\/product\.ts$/;
const node = /^node:/;
const publicEntry = /^src\/index(\.web)?\.ts$/;
// The interface between protocols and HTTP clients, and the plain data that crosses it.
const httpData = /^src\/http\/(http|http2-options|fields|concat)\.ts$/;

/** Who may import what. The first row that a file matches is its own. */
const layers: { layer: RegExp; may: RegExp[] }[] = [
  { layer: /^gen\//, may: [protobuf, gen] },
  // Pure: bytes in, bytes out.
  { layer: /^src\/protocol\//, may: [protobuf, connect, gen, errors, product, httpData, /^src\/protocol\//] },
  {
    layer: /^src\/http\/http2(-dial|-exchange|-session|-settings)?\.ts$/,
    may: [node, connect, errors, product, /^type src\/call\.ts$/, /^src\/http\//],
  },
  {
    layer: /^src\/http\//,
    may: [
      connect,
      errors,
      /^type src\/call\.ts$/,
      /^src\/http\/(?!http2\.|http2-dial|http2-exchange|http2-session|http2-settings)/,
    ],
  },
  // The entries: everything that is public, and what runs here.
  { layer: /^src\/index\.ts$/, may: [connect, gen, /^src\/[^/]+\.ts$/, /^src\/(protocol|http)\//] },
  {
    layer: /^src\/(index\.web|exports)\.ts$/,
    may: [connect, gen, /^src\/[^/]+\.ts$/, /^src\/(protocol|http)\/(?!http2\.)/],
  },
  // Users of the public API, like any other.
  {
    layer: /^src\/cli\//,
    may: [node, protobuf, connect, publicEntry, /^src\/cli\//, /^src\/local\/local-zitadel\.ts$/],
  },
  { layer: /^src\/page\//, may: [protobuf, connect, publicEntry, /^src\/page\//] },
  { layer: /^src\/demo\.ts$/, may: [node, protobuf, publicEntry, /^src\/local\/local-zitadel\.ts$/] },
  // The local server is a ZITADEL, not a client of one.
  { layer: /^src\/local\//, may: [node, protobuf, connect, gen, /^src\/local\//] },
  // The call path and what is for people: of protocols and HTTP clients only the interfaces.
  {
    layer: /^src\/[^/]+\.ts$/,
    may: [protobuf, connect, gen, /^src\/(?!index|demo|exports)[^/]+\.ts$/, httpData, /^src\/protocol\/protocol\.ts$/],
  },
];

function forbidden(path: string, source: string): string[] {
  const row = layers.find(({ layer }) => layer.test(path));
  if (!row) return [`${path} belongs to no layer`];
  const imported = importsOf(path, source).filter(
    (name) => !row.may.some((allowed) => allowed.test(name) || allowed.test(name.replace(/^type\s/, ""))),
  );
  return imported.map((name) => `${path} imports ${name}`);
}

const files = ["src", "gen"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/")),
);

describe("each file imports only what its layer may", () => {
  test("in all of src and gen", () => {
    expect(files).toContain("src/transport.ts");
    expect(files.flatMap((path) => forbidden(path, readFileSync(join(root, path), "utf8")))).toEqual([]);
  });

  for (const [path, source, found] of [
    ["src/protocol/grpc.ts", 'import { connect } from "node:http2";', ["node:http2"]],
    ["src/protocol/rest.ts", 'import { fetchHttp } from "../http/fetch.js";', ["src/http/fetch.ts"]],
    ["src/transport.ts", 'import type { Grpc } from "./protocol/grpc.js";', ["type src/protocol/grpc.ts"]],
    ["src/http/fetch.ts", 'import { runCall } from "../call.js";', ["src/call.ts"]],
    ["src/http/fetch.ts", 'import type { Call } from "../call.js";', []],
    ["src/transport.ts", 'import {\n  a,\n} from "./http/fetch.js";', ["src/http/fetch.ts"]],
    ["src/transport.ts", 'export * from "./http/http2.js";', ["src/http/http2.ts"]],
    ["src/http/fetch.ts", 'const zlib = await import("node:zlib");', ["node:zlib"]],
    ["src/view.ts", 'import "./local/local-zitadel.js";', ["src/local/local-zitadel.ts"]],
    ["src/client.ts", 'import { createGrpcTransport } from "@connectrpc/connect-node";', ["@connectrpc/connect-node"]],
    ["src/cli/list.ts", 'import { createToken } from "../token.js";', ["src/token.ts"]],
    ["gen/zitadel/auth_pb.ts", 'import { x } from "../../src/errors.js";', ["src/errors.ts"]],
    ["src/protocol/grpc.ts", '// import "node:fs"\nimport { Code } from "@connectrpc/connect";', []],
  ] as const) {
    test(`${path} with ${source.replaceAll("\n", " ")} is ${found.length > 0 ? "refused" : "fine"}`, () => {
      expect(forbidden(path, source)).toEqual(found.map((name) => `${path} imports ${name}`));
    });
  }

  test("protocols start no timer and no request", () => {
    for (const path of files.filter((name) => name.startsWith("src/protocol/"))) {
      expect(readFileSync(join(root, path), "utf8")).not.toMatch(/\b(setTimeout|setInterval|fetch|performance)\(/);
    }
  });
});

describe("the bundle for browsers", () => {
  const bundle = async (conditions: string[]) => {
    const { metafile, outputFiles } = await build({
      absWorkingDir: root,
      stdin: { contents: 'export * from "zitadel-refresh-tokens";', resolveDir: root },
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: "esm",
      platform: "neutral",
      conditions,
      mainFields: [],
      logLevel: "silent",
    });
    return { inputs: Object.keys(metafile.inputs), text: outputFiles.map((file) => file.text).join("") };
  };

  for (const conditions of [["browser"], ["workerd"], ["edge-light"], ["react-native"], []]) {
    test(`with ${conditions[0] ?? "no"} condition holds nothing of Node`, async () => {
      const { inputs, text } = await bundle(conditions);
      expect(inputs).toContain("dist/esm/src/index.web.js");
      const nodeOnly = /connect-node|connect-web|\/http2|\/local\/|\/cli\/|^node:/;
      expect(inputs.filter((path) => nodeOnly.test(path))).toEqual([]);
      expect(text).not.toMatch(/["'`]node:/);
    });
  }

  test("with node condition holds http2, so that the check could fail", async () => {
    await expect(bundle(["node"])).rejects.toThrow(/Could not resolve "node:http2"/);
  });
});
