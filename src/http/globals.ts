// What every call needs, whether it is there, and what brings it. `fetch` is not among them: it can be an option.
// `DecompressionStream` neither: without it, compressed answers are not asked for.
const needed: [name: string, works: () => unknown, polyfill: string][] = [
  // React Native's own throws at most of its fields before 0.80.
  ["URL", () => new URL("a:b").protocol, "react-native-url-polyfill/auto"],
  ["TextEncoder", () => new TextEncoder(), "text-encoding"],
  ["TextDecoder", isStrict, "text-encoding"],
  ["Headers", () => new Headers(), "whatwg-fetch"],
  ["AbortController", () => new AbortController(), "abort-controller/polyfill"],
  // Browsers have both since 2022, and what else is in the code since before.
  ["Object.hasOwn", () => Object.hasOwn({ own: 1 }, "own"), "core-js/actual/object/has-own"],
  ["Array.prototype.at", () => [1].at(-1), "core-js/actual/array/at"],
];

// Some take `fatal` and do not heed it.
function isStrict(): boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    decoder.decode(new Uint8Array([0xff]));
    return false;
  } catch {
    return true;
  }
}

/** Throws a TypeError that names the global that this runtime does not have, or has only in part. */
export function checkGlobals(): void {
  for (const [name, works, polyfill] of needed) {
    try {
      if (works()) continue;
    } catch {
      // Told below.
    }
    throw new TypeError(
      `this runtime's ${name} is missing or incomplete: install a polyfill first, such as ${polyfill}`,
    );
  }
}
