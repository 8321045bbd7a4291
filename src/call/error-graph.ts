import { ConnectError } from "@connectrpc/connect";
import { latin1Text } from "../http/http.js";

// Values to look at before a graph counts as too large to be sure of.
const maxVisits = 10_000;

/**
 * Whether nothing that can be reached from a value holds a secret. Only what is known to show all that it holds is
 * looked into: plain objects, arrays, errors, and `Headers` and bytes that are of no subclass. Whatever else there is,
 * such as a `Request`, a map, a promise or a function, may hold anything, and makes the answer no.
 */
export function isFree(root: unknown, isSecret: (text: string) => boolean): boolean {
  // With a stack of its own: JSON of a server's can be nested deeper than the program's.
  const open = [root];
  const seen = new Set<unknown>();
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "symbol" || typeof value === "string") {
      if (isSecret(String(value))) return false;
      continue;
    }
    if (typeof value === "function") return false;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    if (seen.add(value).size > maxVisits) return false;
    try {
      if (!visit(value, open)) return false;
    } catch {
      // What throws when it is looked at is not known either.
      return false;
    }
  }
  return true;
}

/** Adds what a value holds to `open`. `false` if that is not known. */
function visit(value: object, open: unknown[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isError = value instanceof Error;
  // Not by `instanceof`: a subclass may hold more than it lists, and show that by a method such as toJSON.
  const isBytes = prototype === Uint8Array.prototype || prototype === globalThis.Buffer?.prototype;
  if (isError) {
    if (!isKnownError(prototype)) return false;
    open.push(value.name, value.message, value.stack, String(value));
  } else if (prototype === Headers.prototype) {
    open.push(...(value as Headers));
  } else if (isBytes) {
    if ((value as Uint8Array).length > maxVisits) return false;
    open.push(latin1Text(value as Uint8Array));
  } else if (prototype !== null && !isPlain(prototype)) {
    return false;
  }
  for (const key of Reflect.ownKeys(value)) {
    const { value: held, get } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    // That of an error was looked at above: V8 made it an accessor.
    if (isError && key === "stack") continue;
    // No other accessor is read: it may do anything.
    if (get) return false;
    open.push(key, held);
  }
  return true;
}

// Of any realm, such as Jest's.
function isPlain(prototype: unknown): boolean {
  return Array.isArray(prototype) || Object.getPrototypeOf(prototype) === null;
}

// A class of errors may show by an accessor or a method, such as toJSON, what is in none of its properties.
function isKnownError(prototype: unknown): boolean {
  for (let each = prototype; !isPlain(each); each = Object.getPrototypeOf(each)) {
    if (each === ConnectError.prototype) continue;
    if (typeof DOMException === "function" && each === DOMException.prototype) continue;
    for (const key of Reflect.ownKeys(each as object)) {
      if (key === "constructor" || key === "toString" || key === "stack") continue;
      const { value, get } = Object.getOwnPropertyDescriptor(each, key) ?? {};
      if (get || typeof value === "function") return false;
    }
  }
  return true;
}
