// Bundles the app with Metro, with the settings that React Native gives it, and has Hermes' compiler take it.
const { execFileSync } = require("node:child_process");
const { mkdirSync } = require("node:fs");
const { join } = require("node:path");
const { getDefaultConfig } = require("@react-native/metro-config");
const { mergeConfig, runBuild } = require("metro");

const out = "out/react-native/app.js";
const folder = { linux: "linux64-bin", darwin: "osx-bin", win32: "win64-bin" }[process.platform];
const hermesc = join("node_modules/hermes-compiler/hermesc", folder, "hermesc");

mkdirSync("out/react-native", { recursive: true });
const config = mergeConfig(getDefaultConfig(join(__dirname, "..")), { reporter: { update() {} } });
runBuild(config, { entry: "react-native/app.js", platform: "ios", dev: false, minify: true, out }).then(() =>
  execFileSync(hermesc, ["-w", "-emit-binary", "-out", "out/react-native/app.hbc", out], { stdio: "inherit" }),
);
