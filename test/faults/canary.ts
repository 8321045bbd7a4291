import { inspect } from "node:util";

/** The token of every row: no error may hold it, however deep. */
export const canaryToken = "canary-token-x7Qz4vJm2p";
/** What a row puts into the bodies of its answers: no error's message may quote it. */
export const canaryBody = "canary-body-k3Wd9sLf6t";

/** Where a text occurs in what can be reached from a value; paths, for a readable failure. */
export function placesOf(text: string, root: unknown): string[] {
  const places: string[] = [];
  const visited = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "string" || typeof value === "symbol") {
      if (String(value).includes(text)) places.push(path);
      return;
    }
    if (typeof value !== "object" && typeof value !== "function") return;
    if (value === null || visited.has(value) || visited.size > 100_000) return;
    visited.add(value);
    if (value instanceof Uint8Array) {
      if (Buffer.from(value).includes(text)) places.push(path);
      return;
    }
    if (value instanceof Headers || value instanceof Map || value instanceof Set) {
      let index = 0;
      for (const entry of value) visit(entry, `${path}{${index++}}`);
    }
    for (const key of Reflect.ownKeys(value)) {
      visit(key, `${path}.${String(key)} (key)`);
      visit(
        attempt(() => Reflect.get(value, key)),
        `${path}.${String(key)}`,
      );
    }
  };
  visit(root, "error");
  for (const [name, print] of printers) {
    if (attempt(() => print(root))?.includes(text)) places.push(name);
  }
  return places;
}

const printers: [name: string, print: (value: unknown) => string | undefined][] = [
  ["inspect", (value) => inspect(value, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null })],
  ["JSON.stringify", (value) => JSON.stringify(value)],
  ["String", String],
  ["stack", (value) => (value as Error).stack],
];

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
