import {
  create,
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import type { HttpRequest } from "../../http/http.js";
import { maxPathLength } from "../../limits.js";
import type { RequestContext } from "../protocol.js";
import { type FieldPath, httpRule } from "./http-rule.js";

/** The request for a message, by the method's `google.api.http` rule. A TypeError if it cannot be sent that way. */
export function restRequest<I extends DescMessage>(
  method: DescMethodUnary<I>,
  message: MessageShape<I>,
  context: RequestContext,
): HttpRequest {
  const rule = httpRule(method);
  // What the path takes is deleted from it: the body and the query are made of the rest.
  const json = toJson(method.input, message) as JsonObject;
  const path = context.prefix + rule.path.map((part) => pathText(method, message, json, part)).join("");
  const headers = { ...context.headers, accept: "application/json", ...timeoutHeader(context) };
  if (rule.body === undefined) return { method: rule.verb, path: checked(path + queryOf(method, json)), headers };
  let body: JsonValue = json;
  let query = "";
  if (rule.body !== "*") {
    const { [rule.body.jsonName]: value, ...others } = json;
    body = value ?? emptyValue(method, rule.body);
    query = queryOf(method, others);
  }
  return {
    method: rule.verb,
    path: checked(path + query),
    headers: { ...headers, "content-type": "application/json" },
    body: new TextEncoder().encode(JSON.stringify(body)),
  };
}

function checked(path: string): string {
  if (path.length <= maxPathLength) return path;
  throw new TypeError("its path is longer than 16 KiB");
}

function timeoutHeader({ timeoutMs, crossOrigin }: RequestContext): Record<string, string> {
  return timeoutMs === undefined || crossOrigin ? {} : { "grpc-timeout": `${timeoutMs}m` };
}

function pathText(
  method: DescMethodUnary,
  message: MessageShape<DescMessage>,
  json: JsonObject,
  part: string | FieldPath,
): string {
  if (typeof part === "string") return part;
  // Values that JSON leaves out because they are the default, such as 0, have to stand in a path.
  let value: JsonValue | undefined = toJson(method.input, message, { alwaysEmitImplicit: true });
  let owner: JsonValue | undefined = json;
  for (const [index, field] of part.entries()) {
    if (index < part.length - 1) owner = (owner as JsonObject | undefined)?.[field.jsonName];
    else if (owner) delete (owner as JsonObject)[field.jsonName];
    value = (value as JsonObject | undefined)?.[field.jsonName];
  }
  const text = value === undefined ? "" : String(value);
  // A server or a proxy takes these for another path: RFC 3986 §5.2.4 removes dot segments, even encoded ones.
  if (text === "" || text === "." || text === ".." || text.includes("/")) {
    const name = `${method.input.typeName}.${part.map((field) => field.name).join(".")}`;
    const mistake = text === "" ? "is empty" : `is ${JSON.stringify(text.slice(0, 80))}`;
    throw new TypeError(`${name} ${mistake}; in a path it must not be empty, ".", ".." or hold "/"`);
  }
  return encode(text);
}

// What stands for a body field that JSON leaves out, since it is the default or absent.
function emptyValue(method: DescMethodUnary, field: DescField): JsonValue {
  const all = toJson(method.input, create(method.input), { alwaysEmitImplicit: true }) as JsonObject;
  return all[field.jsonName] ?? {};
}

// All but RFC 3986's unreserved characters, so also the five that encodeURIComponent leaves.
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function queryOf(method: DescMethodUnary, json: JsonObject): string {
  const pairs: string[] = [];
  addPairs(method.input, json, "", pairs);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function addPairs(message: DescMessage, json: JsonObject, prefix: string, pairs: string[]): void {
  for (const field of message.fields) {
    const value = json[field.jsonName];
    if (value === undefined) continue;
    const name = prefix + field.jsonName;
    const inner = field.fieldKind === "message" && !isWellKnown(field.message) ? field.message : undefined;
    if (inner) {
      addPairs(inner, value as JsonObject, `${name}.`, pairs);
      continue;
    }
    for (const each of Array.isArray(value) ? value : [value]) {
      pairs.push(`${encode(name)}=${encode(queryValue(message, field, each))}`);
    }
  }
}

// Their JSON is a single value, or is sent as text.
function isWellKnown(message: DescMessage): boolean {
  return message.typeName.startsWith("google.protobuf.");
}

function queryValue(message: DescMessage, field: DescField, value: JsonValue): string {
  if (field.fieldKind === "message" && typeof value === "string" && field.message.typeName.endsWith(".FieldMask")) {
    // grpc-gateway reads the paths of a mask by their names in the proto.
    return value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
  if (typeof value !== "object") return String(value);
  if (field.fieldKind === "message") return JSON.stringify(value);
  throw new TypeError(`${message.typeName}.${field.name} cannot be sent in a query: it is a map or a list of messages`);
}
