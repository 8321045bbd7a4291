// protobuf-ts's generator, with the `.js` in imports that Node wants.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";

const generator = "node_modules/@protobuf-ts/plugin/bin/protoc-gen-ts";
const { stdout } = spawnSync(process.execPath, [generator], {
  input: readFileSync(0),
  stdio: ["pipe", "pipe", "inherit"],
});
const response = fromBinary(CodeGeneratorResponseSchema, new Uint8Array(stdout));
for (const file of response.file) file.content = file.content.replace(/(?<= from "\.[^"]*)(?=")/g, ".js");
process.stdout.write(toBinary(CodeGeneratorResponseSchema, response));
