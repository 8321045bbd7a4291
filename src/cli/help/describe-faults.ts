import { type FaultKind, faultKinds } from "../../local/faults/fault.js";

// As wide as most kinds with what they need.
const column = 25;

/** The kinds of fault with their fields, a line or two each, for the help of `serve`. */
export function describeFaults(): string {
  return Object.entries(faultKinds).map(describe).join("\n");
}

function describe([kind, { does, needs = {}, takes = {} }]: [string, FaultKind]): string {
  const left = [`  ${kind}`, fields(needs)].filter((part) => part !== "").join(":");
  const more = fields(takes);
  const right = more === "" ? does : `${does}; also ${more}`;
  const indent = `\n${" ".repeat(column)}`;
  const wrapped = right.length <= 80 - column ? right : `${does}; also${indent}${more}`;
  return left.length < column ? left.padEnd(column) + wrapped : left + indent + wrapped;
}

function fields(values: NonNullable<FaultKind["needs"]>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : value.join("|")}`)
    .join(", ");
}
