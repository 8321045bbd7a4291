/** ` (did you mean …?)` where one of the names is likely to be what was meant, else nothing. */
export function didYouMean(typed: string, names: readonly string[]): string {
  const [best] = names
    .map((name) => ({ name, distance: distanceOf(typed, name) }))
    .sort((a, b) => a.distance - b.distance);
  // A third of the word, as git and others have it.
  return best && best.distance <= Math.max(1, Math.floor(typed.length / 3)) ? ` (did you mean ${best.name}?)` : "";
}

/** How many letters have to be put in, left out, changed or swapped with the next (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const [above = [], twoAbove = []] = [rows[i - 1], rows[i - 2]];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const steps = [(above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + change];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps.push((twoAbove[j - 2] ?? 0) + 1);
      row.push(Math.min(...steps));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
