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

/** What a library is called in the table below. */
const packages: Record<string, string> = { "@bufbuild/protobuf": "protobuf", "@connectrpc/connect": "connect" };

/**
 * Who may import what: folders, which hold whatever lies in them, and single files. The longest name that a file
 * matches is its own. `node` stands for every `node:` module.
 */
const layers: Record<string, string[]> = {
  "gen/": ["protobuf", "gen/", "src/boot-file"],
  "src/boot-file": ["protobuf"],
  // Pure: bytes in, bytes out.
  "src/protocol/": [
    "protobuf",
    "connect",
    "gen/",
    "src/failure",
    "src/limits",
    "src/zitadel",
    ...httpData(),
    "src/protocol/",
  ],
  // Web standards alone.
  "src/http/": ["connect", "src/failure", "src/http/"],
  "src/http/node/": ["node", "connect", "src/failure", "src/lenient-timer", "src/limits", "src/http/"],
  // One call: of protocols and HTTP clients only the doors.
  "src/call/": [
    "protobuf",
    "connect",
    "gen/",
    "src/failure",
    "src/limits",
    "src/lenient-timer",
    "src/zitadel",
    ...httpData(),
    "src/protocol/protocol",
    "src/call/",
  ],
  // What is public, and what puts the parts together.
  "src/": ["protobuf", "connect", "gen/", "src/call/", "src/protocol/protocol", ...httpData()],
  "src/node": ["connect", "gen/", "src/protocol/", "src/http/", "src/call/"],
  "src/web": ["connect", "gen/", "src/protocol/", "src/http/", "src/call/"],
  "src/public": ["protobuf", "connect", "gen/", "src/protocol/", "src/http/", "src/call/"],
  // The local server is a ZITADEL, not a client of one.
  "src/testing": ["node", "protobuf", "connect", "gen/", "src/local/"],
  "src/local/": ["node", "protobuf", "connect", "gen/", "src/local/"],
  // Users of the public entries, like any other; the kinds of fault are data, which the help reads without the server,
  // and `doctor` is to connect as the library does.
  "src/cli/": [
    "node",
    "protobuf",
    "connect",
    "src/node",
    "src/web",
    "src/testing",
    "src/local/faults",
    "src/http/node/connect-tcp",
    "src/element/names",
    "src/cli/",
  ],
  "src/cli/login/packages": ["openid-client", "proper-lockfile"],
  "src/cli/login/oauth": ["node", "openid-client", "src/cli/"],
  // What the command needs of the library beside its public entry.
  "src/cli/library": ["src/node", "src/client", "src/transport", "src/http/node/"],
  "src/element": ["src/element/"],
  "src/element/": ["src/public", "src/element/"],
  "src/page/": ["src/element/", "protobuf", "connect", "src/web", "src/page/"],
};

// The interface between protocols and HTTP clients, and the plain data that crosses it.
function httpData(): string[] {
  return ["src/http/http", "src/http/http2-options"];
}

/** The files directly in `src/` may import each other, but for the entries, which nothing imports. */
const entries = ["src/node", "src/web", "src/testing", "src/element", "src/public"];

function allows(row: string, name: string, from: string): boolean {
  const inFolder = row.endsWith("/") && name.startsWith(row);
  // `http/` holds a folder that only Node has.
  if (inFolder && row === "src/http/" && name.startsWith("src/http/node/"))
    return /^src\/(http\/node\/|node\.ts)/.test(from);
  return inFolder || name === row || name === `${row}.ts` || (row === "node" && name.startsWith("node:"));
}

function forbidden(path: string, source: string): string[] {
  const own = Object.keys(layers)
    .filter((layer) => (layer.endsWith("/") ? path.startsWith(layer) : path === `${layer}.ts`))
    .sort((a, b) => b.length - a.length)[0];
  if (!own) return [`${path} belongs to no layer`];
  const isTop = (name: string) => /^src\/[^/]+\.ts$/.test(name);
  return importsOf(path, source)
    .filter((imported) => {
      const name = imported.replace(/^type /, "");
      const [scope, library] = name.split("/");
      const known = packages[`${scope}/${library}`] ?? name;
      if (layers[own]?.some((row) => allows(row, known, path))) return false;
      if (!isTop(path) || !isTop(name) || own === "src/testing") return true;
      return entries.includes(name.replace(/\.ts$/, "")) && !(name === "src/public.ts" && entries.includes(own));
    })
    .map((name) => `${path} imports ${name}`);
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
    ["src/protocol/grpc/grpc.ts", 'import { connect } from "node:http2";', ["node:http2"]],
    ["src/protocol/rest/rest.ts", 'import { fetchHttp } from "../../http/fetch.js";', ["src/http/fetch.ts"]],
    ["src/transport.ts", 'import type { Grpc } from "./protocol/grpc/grpc.js";', ["type src/protocol/grpc/grpc.ts"]],
    ["src/http/fetch.ts", 'import { runCall } from "../call/call.js";', ["src/call/call.ts"]],
    ["src/http/fetch.ts", 'import { dial } from "./node/dial.js";', ["src/http/node/dial.ts"]],
    ["src/web.ts", 'import { dial } from "./http/node/dial.js";', ["src/http/node/dial.ts"]],
    ["src/node.ts", 'import { dial } from "./http/node/dial.js";', []],
    ["src/transport.ts", 'import {\n  a,\n} from "./http/fetch.js";', ["src/http/fetch.ts"]],
    ["src/transport.ts", 'export * from "./http/node/http2.js";', ["src/http/node/http2.ts"]],
    ["src/http/fetch.ts", 'const zlib = await import("node:zlib");', ["node:zlib"]],
    ["src/view.ts", 'import "./testing.js";', ["src/testing.ts"]],
    ["src/call/attempts.ts", 'import { rest } from "../protocol/rest/rest.js";', ["src/protocol/rest/rest.ts"]],
    ["src/local/cors.ts", 'import { failure } from "../failure.js";', ["src/failure.ts"]],
    ["src/client.ts", 'import { createGrpcTransport } from "@connectrpc/connect-node";', ["@connectrpc/connect-node"]],
    ["src/cli/commands/list.ts", 'import { createToken } from "../../call/token.js";', ["src/call/token.ts"]],
    ["gen/zitadel/auth_pb.ts", 'import { x } from "../../src/errors.js";', ["src/errors.ts"]],
    ["src/protocol/grpc/grpc.ts", '// import "node:fs"\nimport { Code } from "@connectrpc/connect";', []],
  ] as const) {
    test(`${path} with ${source.replaceAll("\n", " ")} is ${found.length > 0 ? "refused" : "fine"}`, () => {
      expect(forbidden(path, source)).toEqual(found.map((name) => `${path} imports ${name}`));
    });
  }

  test("protocols start no timer and no request", () => {
    const protocols = files.filter((name) => name.startsWith("src/protocol/"));
    expect(protocols).toContain("src/protocol/grpc/grpc.ts");
    for (const path of protocols) {
      const source = readFileSync(join(root, path), "utf8");
      expect(source).not.toMatch(/\b(?:setTimeout|setInterval|setImmediate|fetch)\(|\bperformance\./);
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
      expect(inputs).toContain("dist/esm/src/web.js");
      const nodeOnly = /connect-node|connect-web|\/http\/node\/|\/local\/|\/cli\/|^node:/;
      expect(inputs.filter((path) => nodeOnly.test(path))).toEqual([]);
      expect(text).not.toMatch(/["'`]node:/);
    });
  }

  test("with node condition holds http2, so that the check could fail", async () => {
    const missing = expect.objectContaining({ text: 'Could not resolve "node:http2"' });
    await expect(bundle(["node"])).rejects.toMatchObject({ errors: expect.arrayContaining([missing]) });
  });
});
