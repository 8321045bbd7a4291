import type { DescField, DescMessage, DescMethodUnary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** How a method is reached over REST: its `google.api.http` annotation, taken apart. */
export interface HttpRule {
  /** GET, PUT, POST, DELETE or PATCH. */
  readonly verb: string;
  /** The path: literal text, and the fields whose values stand between. */
  readonly path: readonly (string | FieldPath)[];
  /** `*` for everything that the path does not take, a field for its value, `undefined` for no body. */
  readonly body: "*" | DescField | undefined;
}

/** A field of the request, or of a message within it: `user.id` is two long. */
export type FieldPath = readonly DescField[];

// google.api.http and the fields of its message, by number: their descriptors would cost a page half a kilobyte.
const httpOption = 72295728;
const verbs: Record<string, string> = { 2: "GET", 3: "PUT", 4: "POST", 5: "DELETE", 6: "PATCH" };

const rules = new WeakMap<DescMethodUnary, HttpRule>();

/** The rule of a method. A TypeError if it has none, or one of a form that this package does not speak. */
export function httpRule(method: DescMethodUnary): HttpRule {
  let rule = rules.get(method);
  if (!rule) {
    rule = parseRule(method);
    rules.set(method, rule);
  }
  return rule;
}

function parseRule(method: DescMethodUnary): HttpRule {
  const { 7: body = "", 12: responseBody = "", ...patterns } = readTexts(method);
  const [number = "", template = ""] = Object.entries(patterns).find(([each]) => each in verbs) ?? [];
  const verb = verbs[number];
  if (!verb) throw unusable(method, "has a verb of its own (custom)");
  if (responseBody !== "") throw unusable(method, `has response_body "${responseBody}"`);
  return {
    verb,
    path: [prefixOf(method), ...parseTemplate(method, template)],
    body: body === "" ? undefined : body === "*" ? "*" : fieldNamed(method, method.input, body),
  };
}

/** An annotation by field. All that is no text is a message, and not looked at. */
function readTexts(method: DescMethodUnary): Record<number, string> {
  const option = method.proto.options?.$unknown?.find(({ no }) => no === httpOption);
  if (!option) throw unusable(method, "has no google.api.http annotation");
  const texts: Record<number, string> = {};
  const reader = new BinaryReader(new BinaryReader(option.data).bytes());
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    texts[field] = reader.string();
  }
  return texts;
}

// ZITADEL mounts each of its v1 services at a path that the annotations leave out: zitadel.auth.v1 at /auth/v1.
function prefixOf(method: DescMethodUnary): string {
  const service = /^zitadel\.(\w+)\.v1\.\w+$/.exec(method.parent.typeName)?.[1];
  return service ? `/${service}/v1` : "";
}

function parseTemplate(method: DescMethodUnary, template: string): (string | FieldPath)[] {
  return template.split(/(\{[^}]*\})/).map((part) => {
    const variable = /^\{([\w.]+)\}$/.exec(part)?.[1];
    if (variable) return fieldPath(method, variable);
    if (/[{}*]/.test(part)) throw unusable(method, `has wildcard segments in "${template}"`);
    if (part.includes(":")) throw unusable(method, `has a custom verb in "${template}"`);
    return part;
  });
}

function fieldPath(method: DescMethodUnary, name: string): FieldPath {
  const path: DescField[] = [];
  let message: DescMessage | undefined = method.input;
  for (const part of name.split(".")) {
    if (!message) throw unusable(method, `has a path field "${name}" that does not exist`);
    const field: DescField = fieldNamed(method, message, part);
    path.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  const last = path.at(-1);
  if (last?.fieldKind !== "scalar" && last?.fieldKind !== "enum") {
    throw unusable(method, `has a path field "${name}" that is not a single value`);
  }
  return path;
}

function fieldNamed(method: DescMethodUnary, message: DescMessage, name: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (!field) throw unusable(method, `names a field "${name}" that ${message.typeName} does not have`);
  return field;
}

function unusable(method: DescMethodUnary, why: string): TypeError {
  return new TypeError(
    `${method.parent.typeName}/${method.name} cannot be called over REST: it ${why}; use gRPC or gRPC-Web`,
  );
}
