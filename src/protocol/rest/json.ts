import type { JsonValue } from "@bufbuild/protobuf";

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
