import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  clone,
  create,
  createRegistry,
  type DescFile,
  equals,
  fromBinary,
  fromJson,
  fromJsonString,
  toBinary,
  toJson,
  toJsonString,
} from "@bufbuild/protobuf";
import { embedFileDesc, fileDesc } from "@bufbuild/protobuf/codegenv2";
import { isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import {
  AnySchema,
  anyIs,
  anyPack,
  anyUnpack,
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type Timestamp,
  TimestampSchema,
  timestampDate,
  timestampFromDate,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { file_google_api_annotations } from "../gen/google/api/annotations_pb.js";
import { file_google_api_http } from "../gen/google/api/http_pb.js";
import * as wellKnown from "../gen/google/protobuf.js";
import { file_google_rpc_error_details } from "../gen/google/rpc/error_details_pb.js";
import { file_google_rpc_status } from "../gen/google/rpc/status_pb.js";
import { file_zitadel_auth } from "../gen/zitadel/auth_pb.js";
import { file_zitadel_message } from "../gen/zitadel/message_pb.js";
import { file_zitadel_object_v2_object } from "../gen/zitadel/object/v2/object_pb.js";
import { file_zitadel_object } from "../gen/zitadel/object_pb.js";
import { file_zitadel_session_v2_session } from "../gen/zitadel/session/v2/session_pb.js";
import { file_zitadel_session_v2_session_service } from "../gen/zitadel/session/v2/session_service_pb.js";
import { file_zitadel_user, type RefreshToken, RefreshTokenSchema } from "../gen/zitadel/user_pb.js";
import { bootFile } from "../src/boot-file.js";
import { buf } from "./helpers/buf.js";

// From build/test, where this file runs.
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files of a folder of protos and what they import, each after those. */
function imageOf(folder: string): FileDescriptorProto[] {
  const { status, output, bytes } = buf(
    root,
    "build",
    folder,
    "--as-file-descriptor-set",
    "--exclude-source-info",
    "-o",
    "-",
  );
  if (status !== 0) throw new Error(output);
  return fromBinary(FileDescriptorSetSchema, bytes).file;
}

/**
 * What plain generated code makes of each file. Without what literals leave out: the options of a file, which are for other
 * languages, and imports that define options alone.
 */
function referenceOf(image: readonly FileDescriptorProto[]): Map<string, DescFile> {
  const files = new Map<string, DescFile>();
  for (const { options: _, ...proto } of image) {
    const base64 = embedFileDesc(create(FileDescriptorProtoSchema, proto)).base64();
    const imports = proto.dependency.map((name) => files.get(name) as DescFile);
    files.set(proto.name, fileDesc(base64, imports.filter(definesTypes)));
  }
  return files;
}

const definesTypes = ({ messages, enums }: DescFile) => messages.length + enums.length > 0;
const parts = /^(messages|enums|values|services|methods|extensions|fields|oneofs|members|nested\w+)$/;

/** Everything that can be read from a descriptor, its parts and their protos, defaults included. */
function facts(value: unknown, isPart = true): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map((each) => facts(each, isPart));
  if ("kind" in value && !isPart) return String(value);
  const found: Record<string, unknown> = {};
  for (const key in value) {
    const each: unknown = value[key as keyof typeof value];
    found[key] = typeof each === "function" ? each.call(value) : facts(each, parts.test(key));
  }
  return found;
}

function expectSame(file: DescFile, reference: DescFile | undefined) {
  expect(facts(file)).toEqual(facts(reference));
  // And the same of it is set.
  const bytesOf = (each: DescFile | undefined) => each && toBinary(FileDescriptorProtoSchema, each.proto);
  expect(bytesOf(file)).toEqual(bytesOf(reference));
}

const image = imageOf("proto");
const reference = referenceOf(image);
const ours: DescFile[] = [
  ...Object.values(wellKnown),
  ...[file_google_api_http, file_google_api_annotations, file_google_rpc_error_details, file_google_rpc_status],
  ...[file_zitadel_auth, file_zitadel_message, file_zitadel_object, file_zitadel_user],
  ...[file_zitadel_object_v2_object, file_zitadel_session_v2_session, file_zitadel_session_v2_session_service],
];

describe("a descriptor from a literal is what base64 gives", () => {
  test("of every file", () => {
    const names = image.map(({ name }) => name).filter((name) => name !== "google/protobuf/descriptor.proto");
    expect(ours.map((file) => file.proto.name).sort()).toEqual(names.sort());
  });

  for (const file of ours) test(`of ${file.proto.name}`, () => expectSame(file, reference.get(file.proto.name)));

  test("and differs where a JSON name is lost", () => {
    const { proto } = file_zitadel_user;
    const [message] = clone(FileDescriptorProtoSchema, proto).messageType;
    for (const field of message?.field ?? []) field.jsonName = "";
    expect(facts(message)).not.toEqual(facts(proto.messageType[0]));
  });
});

const service = (method: string) => `message M {} service S { rpc ${method} }`;
const http = 'import "google/api/annotations.proto";';

const literals = {
  "enums and messages in messages":
    "message A { enum E { X = 0; Y = 3; } message B { message C { E e_e = 1; } C c = 7; } }",
  "every kind of scalar": "message A { double a = 1; bool b = 2; bytes c = 3; sint64 d = 4; repeated fixed32 e = 5; }",
  "a JSON name": 'message A { string some_name = 1 [json_name = "other"]; string __odd__1name = 2; }',
  "a method without options": service("Do(M) returns (M);"),
  "a stream of requests": service("Do(stream M) returns (M);"),
  "a stream of responses": service("Do(M) returns (stream M);"),
  "an option": `${http} ${service('Do(M) returns (M) { option (google.api.http) = { get: "/m" }; }')}`,
  "an option of more than 127 bytes, not all ASCII": `${http} ${service(
    `Do(M) returns (M) { option (google.api.http) = { get: "/${'é\\"'.repeat(50)}" }; }`,
  )}`,
  "well-known types": 'import "google/protobuf/timestamp.proto"; message A { google.protobuf.Timestamp at_time = 1; }',
  "a type with a oneof and an enum":
    'import "google/protobuf/struct.proto"; message A { google.protobuf.Struct a = 1; }',
  "a oneof": "message A { oneof o { string a = 1; string b = 2; } }",
  "an optional field": "message A { optional string a = 1; oneof o { string b = 2; } }",
  "a map": "message B { string c = 1; } message A { map<string, string> a = 1; map<int32, B> b = 2; }",
};

const base64 = {
  "a deprecated message": "message A { option deprecated = true; }",
  "a reserved number": "message A { reserved 2; }",
  "a deprecated field": "message A { string a = 1 [deprecated = true]; }",
  "an option of a field": "message A { repeated int32 a = 1 [packed = false]; }",
  "a deprecated method": service("Do(M) returns (M) { option deprecated = true; }"),
  "an extension": 'import "google/protobuf/descriptor.proto"; extend google.protobuf.FileOptions { string a = 50001; }',
};

const fileOf = (name: string) => `${name.replace(/\W+/g, "_").toLowerCase()}.proto`;

/** What the generator makes of the files above, and protobuf of the same files. */
function generate() {
  const folder = mkdtempSync(join(tmpdir(), "literals-"));
  try {
    cpSync(join(root, "proto/google"), join(folder, "google"), { recursive: true });
    for (const [name, source] of Object.entries({ ...literals, ...base64 })) {
      const file = fileOf(name);
      writeFileSync(join(folder, file), `syntax = "proto3";\npackage ${file.replace(".proto", "")};\n${source}`);
    }
    const protoFile = imageOf(folder);
    const fileToGenerate = protoFile.map(({ name }) => name).filter((name) => !name.startsWith("google/"));
    const request = create(CodeGeneratorRequestSchema, { fileToGenerate, protoFile, parameter: "target=ts" });
    const { stdout, stderr } = spawnSync(process.execPath, [join(root, "tools/protoc-gen-literals.mjs")], {
      input: toBinary(CodeGeneratorRequestSchema, request),
    });
    expect(String(stderr)).toBe("");
    const response = fromBinary(CodeGeneratorResponseSchema, new Uint8Array(stdout));
    const contents = new Map(response.file.map((file) => [file.name, file.content]));
    return { contents, reference: referenceOf(protoFile) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the declaration of a file that has been generated, with what it imports. */
function run(content: string | undefined, files: ReadonlyMap<string, DescFile>): DescFile {
  const declaration = /\/\*@__PURE__\*\/\s+(bootFile\(.*?\));\n/s.exec(content ?? "")?.[1];
  const scope: Record<string, unknown> = { bootFile };
  for (const [name, file] of files) scope[`file_${name.replace(".proto", "").replaceAll("/", "_")}`] = file;
  return new Function(...Object.keys(scope), `return ${declaration}`)(...Object.values(scope));
}

describe("the generator", () => {
  const { contents, reference } = generate();
  const generated = (name: string) => contents.get(fileOf(name).replace(".proto", "_pb.ts"));

  for (const name of Object.keys(literals)) {
    test(`writes a literal for ${name}`, () => {
      expect(generated(name)).not.toContain("fileDesc");
      expectSame(run(generated(name), reference), reference.get(fileOf(name)));
    });
  }

  for (const name of Object.keys(base64)) {
    test(`leaves base64 for ${name}`, () => {
      expect(generated(name)).toMatch(/\bfileDesc\("/);
      expect(generated(name)).not.toContain("bootFile");
    });
  }
});

describe("our timestamps and protobuf's are the same type", () => {
  const date = new Date("2030-01-02T03:04:05.678Z");
  // To the compiler as well.
  const authTime: Timestamp = timestampFromDate(date);
  const token: RefreshToken = create(RefreshTokenSchema, { id: "1", authTime });
  const schema = RefreshTokenSchema.field.authTime.message ?? TimestampSchema;

  test("though their descriptors are two", () => expect(schema).not.toBe(TimestampSchema));

  test("in bytes and in JSON", () => {
    const json = { id: "1", authTime: date.toISOString() };
    expect(toJson(RefreshTokenSchema, token)).toEqual(json);
    for (const read of [
      fromJson(RefreshTokenSchema, json),
      fromBinary(RefreshTokenSchema, toBinary(RefreshTokenSchema, token)),
    ]) {
      expect(read).toEqual(token);
      expect(equals(RefreshTokenSchema, read, token)).toBe(true);
      expect(read.authTime && timestampDate(read.authTime)).toEqual(date);
      expect(read.authTime && toJsonString(TimestampSchema, read.authTime)).toBe(JSON.stringify(date));
    }
  });

  test("by reflection", () => {
    const inner = reflect(RefreshTokenSchema, token).get(RefreshTokenSchema.field.authTime);
    expect(isReflectMessage(inner, TimestampSchema)).toBe(true);
    const copy = reflect(RefreshTokenSchema);
    copy.set(RefreshTokenSchema.field.authTime, reflect(TimestampSchema, authTime));
    expect(copy.message).toMatchObject({ authTime });
  });

  test("in a google.protobuf.Any, with either descriptor", () => {
    for (const [packed, unpacked] of [
      [schema, TimestampSchema],
      [TimestampSchema, schema],
    ] as const) {
      const any = anyPack(packed, authTime);
      expect(anyIs(any, unpacked)).toBe(true);
      const registry = createRegistry(unpacked);
      expect(anyUnpack(any, registry)).toEqual(authTime);
      const json = toJsonString(AnySchema, any, { registry });
      expect(JSON.parse(json)).toEqual({
        "@type": "type.googleapis.com/google.protobuf.Timestamp",
        value: date.toISOString(),
      });
      expect(fromJsonString(AnySchema, json, { registry })).toEqual(any);
    }
  });
});
