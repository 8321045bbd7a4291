import type { HttpFields } from "./http.js";

/** Fields as web standard `Headers`, without those that belong to the connection or to a cookie jar. */
export function toHeaders(fields: HttpFields | undefined): Headers {
  const headers = new Headers();
  fields?.forEach((value, name) => {
    if (!name.startsWith(":") && name !== "set-cookie") appendField(headers, name, value);
  });
  return headers;
}

/** Appends a field unless its name or value is one that `Headers` refuses: what a server sends is no mistake of ours. */
export function appendField(headers: Headers, name: string, value: string): void {
  try {
    headers.append(name, value);
  } catch {
    // Nobody could have read it.
  }
}
