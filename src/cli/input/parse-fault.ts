import { Code } from "../../node.js";
import { type Fault, type FaultValue, type FaultyMethod, faultKinds } from "../../testing.js";
import { usageError } from "../command-error.js";

const methods: Record<string, FaultyMethod> = {
  list: "ListMyRefreshTokens",
  revoke: "RevokeMyRefreshToken",
  "revoke-all": "RevokeAllMyRefreshTokens",
};

const scope: Record<string, FaultValue> = { method: Object.keys(methods), times: "COUNT", skip: "COUNT" };

/**
 * Reads a fault such as `hang`, `delay:ms=2000` or `status:code=unavailable,times=all,method=list`: a kind and its
 * fields, as `startLocalZitadel` takes them. The server checks what is missing or out of range.
 */
export function parseFault(text: string): Fault {
  const [, kind = "", fields = ""] = /^([a-z-]+)(?::(.*))?$/s.exec(text) ?? [];
  if (!Object.hasOwn(faultKinds, kind)) {
    throw usageError(`--fault ${text}: the kind must be one of ${Object.keys(faultKinds).join(", ")}`);
  }
  const { needs, takes } = faultKinds[kind as Fault["kind"]];
  const known: Record<string, FaultValue> = { ...needs, ...takes, ...scope };
  const entries = fields.split(",").filter((field) => field !== "");
  const values = entries.map((entry) => {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(entry) ?? [];
    const how = Object.hasOwn(known, name) ? known[name] : undefined;
    if (how === undefined) {
      throw usageError(`--fault ${text}: "${entry}" is not NAME=VALUE with one of ${Object.keys(known).join(", ")}`);
    }
    return [name, parseValue(text, name, value, how)];
  });
  return { kind, ...Object.fromEntries(values) } as Fault;
}

function parseValue(text: string, name: string, value: string, how: FaultValue): unknown {
  switch (how) {
    case "TEXT":
      return value;
    case "true":
      return pick(text, name, value, ["true", "false"]) === "true";
    case "CODE":
      return parseCode(text, value);
    case "COUNT": {
      const number = name === "times" && value === "all" ? Number.POSITIVE_INFINITY : Number(value || Number.NaN);
      if (Number.isNaN(number)) throw usageError(`--fault ${text}: ${name} must be a number, got "${value}"`);
      return number;
    }
    default: {
      const picked = pick(text, name, value, how);
      return name === "method" ? methods[picked] : picked;
    }
  }
}

function pick(text: string, name: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw usageError(`--fault ${text}: ${name} must be one of ${allowed.join(", ")}`);
}

/** Reads a gRPC code: `unavailable`, `NOT_FOUND` or `14`. */
function parseCode(text: string, value: string): Code {
  const wanted = value.toLowerCase().replaceAll(/[-_]/g, "");
  const codes = Object.values(Code).filter((code) => typeof code === "number");
  const found = codes.find((code) => Code[code].toLowerCase() === wanted || String(code) === wanted);
  if (found === undefined) throw usageError(`--fault ${text}: code must be of gRPC, such as unavailable or 14`);
  return found;
}
