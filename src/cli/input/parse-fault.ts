import { Code } from "../../node.js";
import { type Fault, faultKinds } from "../../testing.js";
import { usageError } from "../command-error.js";

const methods: Record<string, string> = {
  list: "ListMyRefreshTokens",
  revoke: "RevokeMyRefreshToken",
  "revoke-all": "RevokeAllMyRefreshTokens",
};

/**
 * Reads a fault such as `hang`, `delay:ms=2000` or `status:code=unavailable,times=all,method=list`: a kind and its
 * fields, as `startLocalZitadel` takes them. The server checks kind, method and numbers.
 */
export function parseFault(text: string): Fault {
  const [, kind = "", fields = ""] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  const { needs, takes } = (faultKinds as Partial<typeof faultKinds>)[kind as Fault["kind"]] ?? {};
  const known = [...Object.keys({ ...needs, ...takes }), "method", "times", "skip"];
  const values = fields.split(",").map((field) => {
    const [, name = "", value = ""] = /^(\w+)=(.*)$/s.exec(field) ?? [];
    if (field !== "" && !known.includes(name)) {
      throw usageError(`--fault ${text}: "${field}" is not NAME=VALUE with one of ${known.join(", ")}`);
    }
    return [name, readValue(name, value)];
  });
  const { "": _, ...fault } = Object.fromEntries(values);
  return { kind, ...fault } as Fault;
}

function readValue(name: string, value: string): unknown {
  if (name === "message" || name === "id") return value;
  if (name === "method") return methods[value] ?? value;
  if (name === "code") {
    const wanted = value.toLowerCase().replaceAll(/[-_]/g, "");
    const codes = Object.values(Code).filter((code) => typeof code === "number");
    const found = codes.find((code) => Code[code].toLowerCase() === wanted || String(code) === wanted);
    if (found === undefined)
      throw usageError(`--fault: code must be of gRPC, such as unavailable or 14, got "${value}"`);
    return found;
  }
  if (/^\d/.test(value)) return Number(value);
  return { all: Number.POSITIVE_INFINITY, true: true, false: false }[value] ?? value;
}
