import type { HttpFields } from "./http.js";

/** So much of a message or of its details is looked at: more than any error of ZITADEL's has. */
export const maxTextLength = 32 * 1024;

/**
 * What a field says, empty if it is not there, cut: what a server made long would take what looks at it long as well.
 */
export function fieldText(fields: HttpFields, name: string, maxLength = 200): string {
  return (fields.get(name) ?? "").slice(0, maxLength);
}

/** Fields that are the properties of an object, as Node's parsers give them. */
export class ObjectFields implements HttpFields {
  readonly #fields: Record<string, unknown>;

  constructor(fields: Record<string, unknown>) {
    this.#fields = fields;
  }

  get(name: string): string | null {
    const value = this.#fields[name];
    return value === undefined ? null : String(value);
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of Object.entries(this.#fields)) visit(String(value), name);
  }
}

/** Fields as web standard `Headers`, without those that belong to the connection or to a cookie jar. */
export function toHeaders(fields: HttpFields | undefined): Headers {
  const headers = new Headers();
  fields?.forEach((value, name) => {
    if (name !== "set-cookie") appendField(headers, name, value);
  });
  return headers;
}

/**
 * Appends a field unless its name or value is one that `Headers` throws at: what a server sends is no mistake of ours,
 * and ten thousand exceptions take a second.
 */
export function appendField(headers: Headers, name: string, value: string): void {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\0\r\n\u0100-\uffff]/.test(value)) headers.append(name, value);
}
