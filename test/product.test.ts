import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { product } from "../src/product.js";

test("servers are told the version of the package", () => {
  const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(product).toBe(`${name}/${version}`);
});
