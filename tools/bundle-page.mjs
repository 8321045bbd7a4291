// Bundles the page that `serve` shows into dist/page: HTML, CSS and scripts apart, since its Content-Security-Policy
// allows nothing inline.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const outdir = "dist/page";

// protobuf's enums as TypeScript compiles them. esbuild takes them for side effects and keeps them all, which costs a kilobyte.
const compiledEnum =
  /^export var (\w+);\n(?:\/\*\*[\s\S]*?\*\/\n)?\(function \(\1\) \{([\s\S]*?)^\}\)\(\1 \|\| \(\1 = \{\}\)\);$/gm;

// protobuf describes the whole of descriptor.proto to itself. Our schemas set nothing in these of its messages: they keep
// their names, by whose places the others are known, and lose their fields.
const emptied = [
  "FileDescriptorSet",
  "SourceCodeInfo",
  "GeneratedCodeInfo",
  "UninterpretedOption",
  "FeatureSet",
  "FeatureSetDefaults",
  "FileOptions",
  "ExtensionRangeOptions",
  "EnumOptions",
  "EnumValueOptions",
  "FieldOptions",
  "OneofOptions",
  "ServiceOptions",
  "MessageOptions",
];

// The enums beside its messages are numbers to what reads them; a label of 1 and a default of zero are what there is without.
function slimmed(boot) {
  const { messageType, enumType, ...file } = JSON.parse(boot, (key, value) =>
    (key === "label" && value === 1) || key === "defaultValue" ? undefined : value,
  );
  return JSON.stringify({
    ...file,
    messageType: messageType.map((message) => (emptied.includes(message.name) ? { name: message.name } : message)),
    enumType: enumType.map(({ name, value }) => ({ name, value: value.slice(0, 1) })),
  });
}

const slimProtobuf = {
  name: "slim-protobuf",
  setup({ onLoad }) {
    onLoad({ filter: /_pb\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text
        .replace(compiledEnum, "export var $1 = /* @__PURE__ */ (function ($1) {$2return $1;})({});")
        .replace(/(?<=\bboot\().*(?=\);$)/m, slimmed);
      return { contents };
    });
    // For default values, which proto3 has none of and descriptor.proto none but zero.
    onLoad({ filter: /text-format\.js$/ }, () => ({
      contents: "export const parseTextFormatEnumValue = () => {}, parseTextFormatScalarValue = () => {};",
    }));
  },
};

const bundle = (...entryPoints) =>
  build({
    entryPoints,
    outdir,
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    logLevel: "warning",
    external: ["./rest.js"],
    plugins: [slimProtobuf],
  });

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
// REST apart: the page loads it when somebody asks for it. Whole, since what esbuild would share between two scripts
// makes the first of them larger.
await Promise.all([bundle("src/page/page.ts", "src/page/page.css"), bundle("src/page/rest.ts")]);
const html = await readFile("src/page/index.html", "utf8");
await writeFile(`${outdir}/index.html`, html.replace(/\n\s*/g, " "));
await copyFile("src/page/icon.svg", `${outdir}/icon.svg`);
