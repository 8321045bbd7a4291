import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { runNext } from "./next.js";
import type { Row, Size } from "./report.js";
import { build, runPage, runProgram, type Stage } from "./stage.js";

export interface Target {
  readonly name: string;
  /** From npm. */
  readonly packages: readonly string[];
  run(stage: Stage): Promise<{ rows: readonly Row[]; size?: Size }>;
}

/** Node releases that the package is made for. The last one also runs the tools. */
export const nodes = [20, 22, 24, 26];

const nodeTarget = (major: number): Target => ({
  name: `Node ${major}`,
  packages: [`node-${major}@npm:node@${major}`],
  async run(stage) {
    const name = stage.project.versionOf(`node-${major}`);
    const report = await runProgram(stage, stage.project.path(`node_modules/node-${major}/bin/node`), "program.js");
    return { rows: [{ group: "Node", name, report }] };
  },
});

const runtimeTarget = (name: string, packageName: string, ...args: string[]): Target => ({
  name,
  packages: [packageName],
  async run(stage) {
    const report = await runProgram(stage, stage.project.path("node_modules/.bin", packageName), ...args);
    return { rows: [{ group: name, name: stage.project.versionOf(packageName), report }] };
  },
});

const workerd: Target = {
  name: "workerd",
  packages: ["miniflare", "esbuild"],
  async run(stage) {
    await build(stage, stage.node, "workerd.mjs");
    const report = await runProgram(stage, stage.node, "miniflare.mjs");
    return { rows: [{ group: "workerd", name: stage.project.versionOf("workerd"), report }] };
  },
};

const reactNative: Target = {
  name: "React Native",
  packages: ["react-native", "@react-native/metro-config", "@react-native/babel-preset", "metro"],
  async run(stage) {
    await build(stage, stage.node, "react-native/bundle.cjs");
    const group = `React Native ${stage.project.versionOf("react-native")}`;
    const variants = {
      "own-fetch": "with its own fetch (no streams)",
      "streaming-fetch": "with a fetch that streams (Expo's, as option)",
      "without-text-decoder": "on an engine without TextDecoder",
    };
    const rows: Row[] = [];
    for (const [variant, name] of Object.entries(variants)) {
      rows.push({ group, name, report: await runProgram(stage, stage.node, "react-native/program.mjs", variant) });
    }
    return { rows };
  },
};

const bundlerTarget = (name: string, packages: readonly string[], script: string, program: string): Target => ({
  name,
  packages,
  async run(stage) {
    const { project, node } = stage;
    await build(stage, node, `${script}.mjs`);
    const bytes = (entry: string) => {
      const text = readFileSync(project.path("out", script, `${entry}.js`));
      return [text.length, gzipSync(text).length] as const;
    };
    const bundler = `${name} ${project.versionOf(packages[0] ?? "")}`;
    return {
      rows: [
        { group: "A browser's bundle by", name: bundler, report: await runPage(stage, `out/${script}/page.js`) },
        {
          group: "A server's bundle by",
          name: bundler,
          report: await runProgram(stage, node, `out/${script}/${program}`),
        },
      ],
      size: { bundler, grpcWeb: bytes("size-grpc-web"), rest: bytes("size-rest") },
    };
  },
});

export const targets: readonly Target[] = [
  ...nodes.map(nodeTarget),
  runtimeTarget("Bun", "bun", "program.js"),
  runtimeTarget("Deno", "deno", "run", "--allow-net", "--allow-env", "program.js"),
  workerd,
  reactNative,
  bundlerTarget("esbuild", ["esbuild"], "esbuild", "program.mjs"),
  bundlerTarget("Vite", ["vite"], "vite", "program.mjs"),
  bundlerTarget("Rollup", ["rollup", "@rollup/plugin-node-resolve", "@rollup/plugin-terser"], "rollup", "program.mjs"),
  bundlerTarget("webpack", ["webpack"], "webpack", "program.cjs"),
  bundlerTarget("Rspack", ["@rspack/core"], "rspack", "program.cjs"),
  { name: "Next.js", packages: ["next", "react", "react-dom"], run: async (stage) => ({ rows: await runNext(stage) }) },
];
