import { type DescMessage, getOption, hasOption, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../../../gen/google/api/http_pb.js";
import type { Rpc } from "../service/rpc.js";

export type Json = { [name: string]: JsonValue };

/** How REST reaches a method. */
export interface RestRule {
  readonly verb: string;
  /** Matches a decoded path, and captures the fields that are in it. */
  readonly path: RegExp;
  readonly fields: readonly string[];
  /** `*` for a body that is the whole message, a field that the body is, or empty. */
  readonly body: string;
}

const rules = new WeakMap<Rpc, RestRule[]>();

/** The rules of a method by its `google.api.http`, whoever generated it; none where it has no such option. */
export function restRules(rpc: Rpc): RestRule[] {
  let known = rules.get(rpc);
  if (known === undefined) {
    known = readRules(rpc);
    rules.set(rpc, known);
  }
  return known;
}

function readRules({ method }: Rpc): RestRule[] {
  // An option is known by its number, so that another package's copy of the definitions does as well as ours.
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((each) => readRule(each, prefixOf(method.parent.typeName)));
}

function readRule({ pattern, body }: HttpRule, prefix: string): RestRule {
  const template = typeof pattern.value === "string" ? pattern.value : "";
  // Text and names of fields by turns. grpc-gateway takes an empty value too.
  const parts = template.split(/\{([\w.]+)\}/);
  const source = parts.map((part, i) => (i % 2 ? "([^/]*)" : part.replace(/[.+?^$()|[\]\\]/g, "\\$&"))).join("");
  const fields = parts.filter((_, i) => i % 2);
  return { verb: (pattern.case ?? "").toUpperCase(), path: new RegExp(`^${prefix}${source}$`, "s"), fields, body };
}

// ZITADEL mounts each of its v1 services at a path that the annotations leave out: zitadel.auth.v1 at /auth/v1.
function prefixOf(service: string): string {
  const name = /^zitadel\.(\w+)\.v1\.\w+$/.exec(service)?.[1];
  return name === undefined ? "" : `/${name}/v1`;
}

/** Sets the field of a path such as `user.id` to what stood in the URL. What the message does not have is left out. */
export function setField(json: Json, message: DescMessage, path: string, values: readonly string[]): void {
  const [name = "", ...rest] = path.split(".");
  const field = message.fields.find((each) => each.name === name || each.jsonName === name);
  if (field === undefined) return;
  if (rest.length > 0) {
    if (field.fieldKind === "message") {
      const inner = (json[field.name] ?? json[field.jsonName] ?? {}) as Json;
      json[field.name] = inner;
      setField(inner, field.message, rest.join("."), values);
    }
    return;
  }
  delete json[field.jsonName];
  // JSON takes numbers as text, but no booleans.
  const read = values.map((text) => (field.scalar === ScalarType.BOOL ? text === "true" || text === "1" : text));
  json[field.name] = field.fieldKind === "list" ? read : (read.at(-1) ?? null);
}
