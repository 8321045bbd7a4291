import type { JsonValue } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { RpcError } from "../service/rpc-error.js";

/**
 * Reads the body of a REST call as grpc-gateway does: Go's decoder takes the first JSON value and leaves the rest,
 * then that value must be an object. Fails with Go's words.
 */
export function parseGoJson(text: string): { [name: string]: JsonValue } {
  const start = skipSpace(text, 0);
  if (start === text.length) {
    return {};
  }
  const value = text.slice(start, findEnd(text, start));
  if (!value.startsWith("{")) {
    const token = value.startsWith("[") ? "[" : value;
    throw invalid(`proto: syntax error (line 1:1): unexpected token ${token}`);
  }
  return JSON.parse(value);
}

function findEnd(text: string, start: number): number {
  try {
    return scanValue(text, start);
  } catch (error) {
    // Go counts to 10,000 where this runs out of stack.
    throw error instanceof RangeError ? invalid("exceeded max depth") : error;
  }
}

/** Finds the end of the value that starts here. */
function scanValue(text: string, start: number): number {
  const char = text[start];
  switch (char) {
    case "{":
      return scanObject(text, start);
    case "[":
      return scanArray(text, start);
    case '"':
      return scanString(text, start);
    case "t":
      return scanLiteral(text, start, "true");
    case "f":
      return scanLiteral(text, start, "false");
    case "n":
      return scanLiteral(text, start, "null");
    default:
      return scanNumber(text, start);
  }
}

function scanObject(text: string, start: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === "}") {
    return at + 1;
  }
  for (;;) {
    expect(text, at, '"', "looking for beginning of object key string");
    at = skipSpace(text, scanString(text, at));
    expect(text, at, ":", "after object key");
    at = skipSpace(text, scanValue(text, skipSpace(text, at + 1)));
    if (text[at] === "}") {
      return at + 1;
    }
    expect(text, at, ",", "after object key:value pair");
    at = skipSpace(text, at + 1);
  }
}

function scanArray(text: string, start: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === "]") {
    return at + 1;
  }
  for (;;) {
    at = skipSpace(text, scanValue(text, at));
    if (text[at] === "]") {
      return at + 1;
    }
    expect(text, at, ",", "after array element");
    at = skipSpace(text, at + 1);
  }
}

function scanString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const char = text[at];
    if (char === '"') {
      return at + 1;
    }
    if (char === undefined || char < " ") {
      throw unexpected(text, at, "in string literal");
    }
    if (char === "\\") {
      at++;
      if (text[at] === "u") {
        for (const end = at + 4; at < end; at++) {
          if (!/[0-9a-fA-F]/.test(text[at + 1] ?? "")) {
            throw unexpected(text, at + 1, "in \\u hexadecimal character escape");
          }
        }
      } else if (!'"\\/bfnrt'.includes(text[at] ?? "-")) {
        throw unexpected(text, at, "in string escape code");
      }
    }
  }
}

function scanLiteral(text: string, start: number, literal: string): number {
  for (let i = 1; i < literal.length; i++) {
    expect(text, start + i, literal[i] ?? "", `in literal ${literal} (expecting '${literal[i]}')`);
  }
  return start + literal.length;
}

function scanNumber(text: string, start: number): number {
  let at = start;
  if (text[at] === "-") {
    at++;
    if (!isDigit(text[at])) {
      throw unexpected(text, at, "in numeric literal");
    }
  } else if (!isDigit(text[at])) {
    throw unexpected(text, at, "looking for beginning of value");
  }
  at = text[at] === "0" ? at + 1 : skipDigits(text, at);
  if (text[at] === ".") {
    if (!isDigit(text[++at])) {
      throw unexpected(text, at, "after decimal point in numeric literal");
    }
    at = skipDigits(text, at);
  }
  if (text[at] === "e" || text[at] === "E") {
    at += text[at + 1] === "+" || text[at + 1] === "-" ? 2 : 1;
    if (!isDigit(text[at])) {
      throw unexpected(text, at, "in exponent of numeric literal");
    }
    at = skipDigits(text, at);
  }
  return at;
}

function skipSpace(text: string, at: number): number {
  let end = at;
  while (" \t\r\n".includes(text[end] ?? "-")) {
    end++;
  }
  return end;
}

function skipDigits(text: string, at: number): number {
  let end = at;
  while (isDigit(text[end])) {
    end++;
  }
  return end;
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

function expect(text: string, at: number, char: string, place: string): void {
  if (text[at] !== char) {
    throw unexpected(text, at, place);
  }
}

function unexpected(text: string, at: number, place: string): RpcError {
  const point = text.codePointAt(at);
  if (point === undefined) {
    return invalid("unexpected EOF");
  }
  const char = String.fromCodePoint(point);
  const quoted = char === "'" ? "'\\''" : char === '"' ? "'\"'" : `'${JSON.stringify(char).slice(1, -1)}'`;
  return invalid(`invalid character ${quoted} ${place}`);
}

function invalid(message: string): RpcError {
  return new RpcError(Code.InvalidArgument, message);
}
