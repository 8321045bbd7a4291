// What other commands call it.
const elsewhere: Readonly<Record<string, string>> = {
  ls: "list",
  tokens: "list",
  rm: "revoke",
  delete: "revoke",
  logout: "revoke-all",
  "--json": "--output json",
  "--format": "--output",
  "--quiet": "--output ids",
  "-q": "--output ids",
  "--keep": "--except",
  "--force": "--yes",
  "-f": "--yes",
};

/** ` (did you mean …?)` where one of the names is likely to be what was meant, else nothing. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const meant = names.find((name) => name === elsewhere[typed]) ?? names.find((name) => isNear(typed, name));
  return meant ? ` (did you mean ${meant}?)` : "";
}

/** Whether one letter has to be put in, left out, changed or swapped with the next. */
function isNear(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) [endA, endB] = [endA - 1, endB - 1];
  const [left, right] = [a.slice(start, endA), b.slice(start, endB)];
  return (left.length < 2 && right.length < 2) || (left.length === 2 && left === [...right].reverse().join(""));
}
