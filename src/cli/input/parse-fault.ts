import { Code } from "../../node.js";
import type { Fault, FaultScope, FaultyMethod } from "../../testing.js";
import { usageError } from "../command-error.js";

const kinds: Record<Fault["kind"], readonly string[]> = {
  status: ["code", "message", "id"],
  delay: ["ms"],
  hang: ["afterHeaders"],
  reset: ["errorCode", "afterBytes"],
  disconnect: [],
  goaway: ["errorCode"],
  "refused-stream": [],
  html: ["status"],
  "rate-limit": ["retryAfterSeconds"],
  "expired-once": [],
  truncated: ["bytes"],
  lag: ["ms"],
};

const scope: readonly (keyof FaultScope)[] = ["method", "times", "skip"];

const methods: Record<string, FaultyMethod> = {
  list: "ListMyRefreshTokens",
  revoke: "RevokeMyRefreshToken",
  "revoke-all": "RevokeAllMyRefreshTokens",
};

/**
 * Reads a fault such as `hang`, `delay:ms=2000` or `status:code=unavailable,times=all,method=list`: a kind and its
 * fields, as `startLocalZitadel` takes them. The server checks what is missing or out of range.
 */
export function parseFault(text: string): Fault {
  const [, kind = "", fields = ""] = /^([a-z-]+)(?::(.*))?$/s.exec(text) ?? [];
  if (!Object.hasOwn(kinds, kind)) {
    throw usageError(`--fault ${text}: the kind must be one of ${Object.keys(kinds).join(", ")}`);
  }
  const names = [...kinds[kind as Fault["kind"]], ...scope];
  const entries = fields.split(",").filter((field) => field !== "");
  const values = entries.map((entry) => {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(entry) ?? [];
    if (!names.includes(name)) {
      throw usageError(`--fault ${text}: "${entry}" is not NAME=VALUE with one of ${names.join(", ")}`);
    }
    return [name, parseValue(text, name, value)];
  });
  return { kind, ...Object.fromEntries(values) } as Fault;
}

function parseValue(text: string, name: string, value: string): unknown {
  switch (name) {
    case "message":
    case "id":
      return value;
    case "afterHeaders":
      return pick(text, name, value, { true: true, false: false });
    case "method":
      return pick(text, name, value, methods);
    case "code":
      return parseCode(text, value);
    default: {
      const number = name === "times" && value === "all" ? Number.POSITIVE_INFINITY : Number(value || Number.NaN);
      if (Number.isNaN(number)) throw usageError(`--fault ${text}: ${name} must be a number, got "${value}"`);
      return number;
    }
  }
}

function pick<T>(text: string, name: string, value: string, allowed: Record<string, T>): T {
  if (Object.hasOwn(allowed, value)) return allowed[value] as T;
  throw usageError(`--fault ${text}: ${name} must be one of ${Object.keys(allowed).join(", ")}`);
}

/** Reads a gRPC code: `unavailable`, `NOT_FOUND` or `14`. */
function parseCode(text: string, value: string): Code {
  const wanted = value.toLowerCase().replaceAll(/[-_]/g, "");
  const codes = Object.values(Code).filter((code) => typeof code === "number");
  const found = codes.find((code) => Code[code].toLowerCase() === wanted || String(code) === wanted);
  if (found === undefined) throw usageError(`--fault ${text}: code must be of gRPC, such as unavailable or 14`);
  return found;
}
