import {
  create,
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  fromJson,
  getOption,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.js";
import type { HttpRule } from "../../../gen/google/api/http_pb.js";
import type { RestRequest } from "./rest-server.js";

/**
 * Reads a request the way grpc-gateway does, written from its rules and sharing nothing with the client: which
 * method it is for, and the message it carries. Throws where the gateway would answer 400 or 404.
 */
export function decodeRequest(service: DescService, prefix: string, request: RestRequest) {
  const [path = "", query = ""] = request.target.split(/\?(.*)/s);
  for (const method of service.methods as DescMethodUnary[]) {
    const rule = getOption(method, http);
    if (rule.pattern.case?.toUpperCase() !== request.method) continue;
    const values = matchPath(`${prefix}${rule.pattern.value}`, path);
    if (values) return { method, message: decodeMessage(method, rule, values, query, request.body) };
  }
  throw new Error(`no method for ${request.method} ${request.target}`);
}

// The values of the variables of `template`, or undefined where `path` is another one.
function matchPath(template: string, path: string): [string, string][] | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const values: [string, string][] = [];
  for (const [i, segment] of wanted.entries()) {
    const variable = /^\{([\w.]+)\}$/.exec(segment)?.[1];
    const text = given[i] as string;
    if (variable) {
      if (/[^-\w.~%]/.test(text)) throw new Error(`raw character in the path: ${text}`);
      values.push([variable, decodeURIComponent(text)]);
    } else if (segment !== text) return undefined;
  }
  return values;
}

function decodeMessage(
  method: DescMethodUnary,
  rule: HttpRule,
  path: [string, string][],
  query: string,
  body: string,
): Message {
  const json: JsonObject = {};
  if (rule.body === "*") {
    Object.assign(json, JSON.parse(body) as JsonObject);
  } else if (rule.body) {
    const field = fieldOf(method.input, rule.body);
    json[field.jsonName] = JSON.parse(body) as JsonValue;
  } else if (body !== "") throw new Error("a body where there must be none");

  if (rule.body === "*" && query) throw new Error("a query beside a body of everything");
  for (const pair of query ? query.split("&") : []) {
    if (/[^-\w.~%=]/.test(pair)) throw new Error(`raw character in the query: ${pair}`);
    const [name = "", value = ""] = pair.split("=", 2).map(decodeURIComponent);
    set(method.input, json, name.split("."), value, rule.body);
  }
  for (const [name, value] of path) set(method.input, json, name.split("."), value, "");
  return Object.keys(json).length > 0 ? fromJson(method.input, json) : create(method.input);
}

function fieldOf(desc: DescMessage, name: string): DescField {
  const field = desc.fields.find((field) => field.name === name || field.jsonName === name);
  if (!field) throw new Error(`${desc.typeName} has no ${name}`);
  return field;
}

// Puts one text where a dotted name says, as the JSON that stands for it.
function set(desc: DescMessage, target: JsonObject, [head = "", ...rest]: string[], text: string, body: string): void {
  const field = fieldOf(desc, head);
  if (field.name === body) throw new Error(`${head} is in the body and in the query`);
  if (rest.length > 0) {
    if (field.fieldKind !== "message") throw new Error(`${head} is no message`);
    target[field.jsonName] ??= {};
    set(field.message, target[field.jsonName] as JsonObject, rest, text, "");
    return;
  }
  const value = textToJson(field, text);
  if (field.fieldKind === "list") {
    target[field.jsonName] ??= [];
    (target[field.jsonName] as JsonValue[]).push(value);
  } else if (field.jsonName in target) throw new Error(`${head} is given twice`);
  else target[field.jsonName] = value;
}

function textToJson(field: DescField, text: string): JsonValue {
  if (field.enum) return /^-?\d+$/.test(text) ? Number(text) : text;
  const bool = field.scalar === 8 || field.message?.typeName === "google.protobuf.BoolValue";
  if (bool) {
    if (text !== "true" && text !== "false") throw new Error(`${text} is no bool`);
    return text === "true";
  }
  // The gateway takes the names of the proto file; JSON has those of its own.
  if (field.message?.typeName === "google.protobuf.FieldMask") {
    if (/[A-Z]/.test(text)) throw new Error(`${text} has a name that is not the proto file's`);
    return text.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  }
  if (field.message && !field.message.typeName.startsWith("google.protobuf.")) {
    throw new Error(`${field.name} is a message, which one text cannot be`);
  }
  return text;
}
