// Bundles the app with Metro, with the settings that React Native gives it.
const { getDefaultConfig } = require("@react-native/metro-config");
const { mergeConfig, runBuild } = require("metro");
const { mkdirSync } = require("node:fs");
const { join } = require("node:path");

const config = mergeConfig(getDefaultConfig(join(__dirname, "..")), { reporter: { update() {} } });
mkdirSync("out/react-native", { recursive: true });
runBuild(config, {
  entry: "react-native/app.js",
  platform: "ios",
  dev: false,
  minify: true,
  out: "out/react-native/app.js",
});
