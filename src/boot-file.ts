import { createFileRegistry } from "@bufbuild/protobuf";
import { bootFileDescriptorProto, type FileDescriptorProtoBoot, type GenFile } from "@bufbuild/protobuf/codegenv2";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { DescriptorProto, FieldDescriptorProto, MethodDescriptorProto } from "@bufbuild/protobuf/wkt";

/** A proto file as `tools/protoc-gen-literals.mjs` writes it: what is set in its FileDescriptorProto. */
interface FileLiteral {
  name: string;
  package: string;
  syntax: string;
  messageType: MessageLiteral[];
  enumType?: FileDescriptorProtoBoot["enumType"];
  service?: { name: string; method: MethodLiteral[] }[];
}

interface MessageLiteral {
  name: string;
  field?: FieldLiteral[];
  nestedType?: MessageLiteral[];
  enumType?: FileDescriptorProtoBoot["enumType"];
  oneofDecl?: { name: string }[];
  options?: { mapEntry?: true };
}

interface FieldLiteral extends Pick<FieldDescriptorProto, "name" | "number"> {
  label: number;
  type: number;
  typeName?: string;
  jsonName?: string;
  oneofIndex?: number;
  proto3Optional?: true;
}

type MethodLiteral = Pick<MethodDescriptorProto, "name" | "inputType" | "outputType"> & {
  clientStreaming?: boolean;
  serverStreaming?: boolean;
  options?: { idempotencyLevel?: number; $unknown?: [no: number, bytes: string][] };
};

/**
 * What protobuf's `fileDesc` makes of base64, made of a literal. With protobuf's own start for descriptor.proto, which
 * has no services and sets no JSON names.
 */
export function bootFile({ service = [], ...literal }: FileLiteral, imports: readonly GenFile[] = []): GenFile {
  const proto = bootFileDescriptorProto({
    enumType: [],
    ...literal,
    dependency: imports.map((file) => file.proto.name),
    service: service.map(({ name, method }) =>
      message("ServiceDescriptorProto", {}, { name, method: method.map(bootMethod) }),
    ),
  } as unknown as FileDescriptorProtoBoot);
  complete(proto.messageType, literal.messageType);
  const registry = createFileRegistry(proto, (name) => imports.find((file) => file.proto.name === name));
  return registry.getFile(literal.name) as GenFile;
}

function bootMethod({ options, ...literal }: MethodLiteral) {
  const defaults = { clientStreaming: false, serverStreaming: false };
  return message("MethodDescriptorProto", defaults, { ...literal, ...(options && { options: bootOptions(options) }) });
}

function bootOptions({ $unknown = [], ...literal }: NonNullable<MethodLiteral["options"]>) {
  return message(
    "MethodOptions",
    { deprecated: false, idempotencyLevel: 0 },
    {
      ...literal,
      uninterpretedOption: [],
      $unknown: $unknown.map(([no, bytes]) => ({
        no,
        wireType: 2,
        data: Uint8Array.from(bytes, (c) => c.charCodeAt(0)),
      })),
    },
  );
}

/** A message with the defaults of proto2, which are not what is set. */
function message(name: string, defaults: object, set: object) {
  return Object.assign(Object.create(defaults), { $typeName: `google.protobuf.${name}`, ...set });
}

const messageOptions = {
  deprecated: false,
  deprecatedLegacyJsonFieldConflicts: false,
  messageSetWireFormat: false,
  noStandardDescriptorAccessor: false,
};

// What protobuf's own start leaves out, since descriptor.proto has nothing of it.
function complete(protos: readonly DescriptorProto[], literals: readonly MessageLiteral[]): void {
  for (const [at, proto] of protos.entries()) {
    const { nestedType = [], oneofDecl = [], options } = literals[at] as MessageLiteral;
    for (const field of proto.field) field.jsonName ||= protoCamelCase(field.name);
    proto.oneofDecl = oneofDecl.map((oneof) => message("OneofDescriptorProto", {}, oneof));
    if (options) proto.options = message("MessageOptions", messageOptions, { ...options, uninterpretedOption: [] });
    complete(proto.nestedType, nestedType);
  }
}
