import {
  create,
  type DescField,
  type DescMessage,
  fromJsonString,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { FailureReason } from "../../failure.js";
import type { HttpResponse } from "../../http/http.js";
import { answerFailure } from "../failures.js";

/** The message of an answer that is OK, or its error thrown. */
export function restMessage<O extends DescMessage>(output: O, answer: HttpResponse): MessageShape<O> {
  const wrong = (reason: FailureReason, what: string) =>
    answerFailure(Code.Internal, reason, `the server's ${output.typeName} ${what}`, answer);
  if (answer.body.length === 0) {
    if (answer.status === 200) throw wrong("empty-response", "cannot be read: the answer is empty");
    return create(output);
  }
  const text = utf8(answer.body);
  const json = parseJson(text);
  if (text === undefined || json === undefined) throw wrong("parse-json", "cannot be read: it is not valid JSON");
  if (isError(output, json)) {
    throw wrong("parse-json", `is missing: HTTP ${answer.status} came with an error instead`);
  }
  if (largeNumber.test(text) && hasUnsafeInteger(output, json)) {
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

// By what gateways of any kind call the parts of an error, where the schema has nothing of that name. A newer server may
// have fields that are not known here, so a name alone is little proof beside fields that are.
function isError({ fields }: DescMessage, json: JsonValue): boolean {
  if (!isObject(json)) return false;
  const isKnown = (key: string) => fields.some(({ jsonName, name }) => key === jsonName || key === name);
  const unknown = Object.keys(json).filter((key) => !isKnown(key));
  if (unknown.some((key) => /^(?:errors?|fault)$/i.test(key))) return true;
  if (["code", "message"].every((key) => unknown.includes(key))) return true;
  const isAllUnknown = unknown.length === Object.keys(json).length;
  return (
    isAllUnknown &&
    unknown.some((key) => /^(?:code|status(?:code)?|message|error\w*|title|detail|success|ok)$/i.test(key))
  );
}

function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === "object" && json !== null;
}

const wideScalars: ReadonlySet<unknown> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);

// A number, not a string, of 16 digits or with an exponent, or a string that looks like one: where there is none, nobody
// has to look for it.
const largeNumber = /[:,[]\s*-?(?:\d{16}|[\d.]+e)/i;

// Only where the schema has 64 bits: elsewhere a large number is what it says. With a stack of its own, since an
// answer of 4 MB can be nested deeper than the program's.
function hasUnsafeInteger(output: DescMessage, json: JsonValue): boolean {
  const open: [DescMessage, JsonValue][] = isObject(json) ? [[output, json]] : [];
  for (let next = open.pop(); next; next = open.pop()) {
    const [message, value] = next;
    for (const field of message.fields) {
      const inner = (value as JsonObject)[field.jsonName] ?? (value as JsonObject)[field.name];
      const many = field.fieldKind === "list" || field.fieldKind === "map";
      for (const each of many ? Object.values(isObject(inner) ? inner : {}) : [inner]) {
        if (typeof each === "number" && isWide(field) && Number.isInteger(each) && !Number.isSafeInteger(each)) {
          return true;
        }
        if (field.message && isObject(each)) open.push([field.message, each]);
      }
    }
  }
  return false;
}

function isWide({ scalar, message }: DescField): boolean {
  return wideScalars.has(scalar) || /^google\.protobuf\.U?Int64Value$/.test(message?.typeName ?? "");
}

/** The text of a body, `undefined` if it is not UTF-8. A byte order mark stays, which JSON does not allow. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What a text says in JSON, `undefined` if nothing. */
export function parseJson(text: string | undefined): JsonValue | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
