/** Throws a RangeError for an option that is not `min` to `max`, or not the whole number that it must be. */
export function checkRange(
  name: string,
  value: number,
  min: number,
  max: number,
  kind: "" | "an integer of " = "",
): void {
  if (value >= min && value <= max && (!kind || Number.isInteger(value))) return;
  throw new RangeError(`${name} must be ${kind}${min} to ${max}, got ${value}`);
}
