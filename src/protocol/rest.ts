import {
  create,
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  fromJson,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { ErrorDetailSchema } from "../../gen/zitadel/message_pb.js";
import { type FailureReason, tooLargeFailure } from "../errors.js";
import type { HttpHead, HttpResponse } from "../http/http.js";
import { type FieldPath, httpRule } from "./http-rule.js";
import type { Protocol, RequestContext } from "./protocol.js";
import { answerFailure, contentTypeFailure, httpFailure, serverFailure } from "./status.js";

/**
 * REST: JSON over HTTP by the schema's `google.api.http` annotations, as grpc-gateway serves it. Errors are
 * grpc-gateway's, so that they come out as on gRPC. Pass it as `protocol: rest`.
 */
export const rest: Protocol = {
  name: "rest",
  needsTrailers: false,
  maxBodyBytes: (maxResponseBytes) => maxResponseBytes,
  request(method, message, context) {
    const rule = httpRule(method);
    // What the path takes is deleted from it: the body and the query are made of the rest.
    const json = toJson(method.input, message) as JsonObject;
    const path = context.prefix + rule.path.map((part) => pathText(method, message, json, part)).join("");
    const headers = { ...context.headers, accept: "application/json", ...timeoutHeader(context) };
    if (rule.body === undefined) return { method: rule.verb, path: path + queryOf(method, json), headers };
    let body: JsonValue = json;
    let query = "";
    if (rule.body !== "*") {
      const { [rule.body.jsonName]: value, ...others } = json;
      body = value ?? emptyValue(method, rule.body);
      query = queryOf(method, others);
    }
    return {
      method: rule.verb,
      path: path + query,
      headers: { ...headers, "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify(body)),
    };
  },
  check(head, rules, start) {
    if (start) return;
    if (!isJson(head)) {
      throw head.status === 200 ? contentTypeFailure(head, "application/json") : httpFailure(head);
    }
    const length = head.headers.get("content-length");
    // With a content coding the length is not that of the text.
    if (length && Number(length) > rules.maxResponseBytes && !head.headers.get("content-encoding")) {
      throw tooLargeFailure(head.status);
    }
  },
  response(method, answer) {
    if (answer.status !== 200) throw errorOf(answer);
    return { message: decode(method.output, answer), header: answer.headers, trailer: new Headers() };
  },
};

function isJson({ headers }: HttpHead): boolean {
  return /^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(headers.get("content-type") ?? "");
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

function decode<O extends DescMessage>(output: O, answer: HttpResponse): MessageShape<O> {
  const wrong = (reason: FailureReason, what: string) =>
    answerFailure(Code.Internal, reason, `the server's ${output.typeName} ${what}`, answer);
  if (answer.body.length === 0) throw wrong("empty-response", "cannot be read: the answer is empty");
  const text = utf8(answer.body);
  const json = parse(text);
  if (text === undefined || json === undefined) throw wrong("parse-json", "cannot be read: it is not valid JSON");
  if (isErrorShaped(json) && !output.fields.some((field) => field.jsonName in json || field.name in json)) {
    throw wrong("parse-json", "is missing: HTTP 200 came with an error instead");
  }
  if (json !== null && hasUnsafeInteger(output, json)) {
    throw wrong("unsafe-integer", "has an integer that JSON numbers cannot hold exactly; it belongs in a string");
  }
  try {
    // From the text, since that is where duplicate keys still show.
    return fromJsonString(output, text, { ignoreUnknownFields: true });
  } catch (error) {
    // Without the error as cause: it quotes the answer.
    throw wrong("parse-json", `does not match its schema${fieldOf(error)}`);
  }
}

function fieldOf(error: unknown): string {
  const field = (error as { field?: () => unknown }).field?.();
  return field === undefined ? "" : ` in ${String(field)}`;
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined): JsonValue | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isErrorShaped(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && "code" in json && "message" in json;
}

const wideScalars: ReadonlySet<unknown> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

// Only where the schema has 64 bits: elsewhere a large number is what it says. With a stack of its own, since an
// answer of 4 MB can be nested deeper than the program's.
function hasUnsafeInteger(output: DescMessage, json: JsonValue): boolean {
  const open: [DescMessage, JsonValue][] = [[output, json]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [message, value] = next;
    for (const field of message.fields) {
      const inner = (value as JsonObject)[field.jsonName] ?? (value as JsonObject)[field.name];
      const many = field.fieldKind === "list" || field.fieldKind === "map";
      for (const each of many ? Object.values(inner ?? []) : [inner]) {
        if (typeof each === "number" && isWide(field) && Number.isInteger(each) && !Number.isSafeInteger(each)) {
          return true;
        }
        if (field.message && typeof each === "object" && each !== null) open.push([field.message, each]);
      }
    }
  }
  return false;
}

function isWide({ scalar, message }: DescField): boolean {
  return wideScalars.has(scalar) || /^google\.protobuf\.U?Int64Value$/.test(message?.typeName ?? "");
}

// grpc-gateway's error: google.rpc.Status as JSON, in which an empty message is left out. Its code is more exact than
// the HTTP status.
function errorOf(answer: HttpResponse): ConnectError {
  const { code, message, details } = (parse(utf8(answer.body)) ?? {}) as Record<string, unknown>;
  if (typeof code !== "number" || Code[code] === undefined) return httpFailure(answer);
  return serverFailure(
    {
      code,
      message: typeof message === "string" ? message : "",
      details: Array.isArray(details) ? details.flatMap(detailOf) : [],
    },
    answer,
    undefined,
    { fromServer: true },
  );
}

const detailSchemas = [ErrorDetailSchema, RetryInfoSchema];

// What `ConnectError.findDetails` reads is binary. A type that is not known here stays legible as `debug`.
function detailOf(json: JsonValue): ConnectError["details"] {
  const { "@type": url, ...fields } = (json ?? {}) as JsonObject;
  if (typeof url !== "string") return [];
  const type = url.slice(url.lastIndexOf("/") + 1);
  const schema = detailSchemas.find(({ typeName }) => typeName === type);
  if (!schema) return [{ type, value: new Uint8Array(), debug: fields }];
  try {
    return [{ type, value: toBinary(schema, fromJson(schema, fields, { ignoreUnknownFields: true })) }];
  } catch {
    return [];
  }
}
