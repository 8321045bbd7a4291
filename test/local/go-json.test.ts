import { describe, expect, test } from "@jest/globals";
import { parseGoJson } from "../../src/local/protocol/go-json.js";

describe("a REST body is read as Go reads it", () => {
  const accepted: [text: string, value: object][] = [
    ["", {}],
    [" \n", {}],
    ["{}", {}],
    ['{"a":[1,-2.5e+3,true,null,"\\u00e9\\n"]} and the rest is left', { a: [1, -2500, true, null, "é\n"] }],
    ["{}{", {}],
  ];
  for (const [text, value] of accepted) {
    test(`${JSON.stringify(text)} is accepted`, () => {
      expect(parseGoJson(text)).toEqual(value);
    });
  }

  const refused: [text: string, message: string][] = [
    ["{bad", "invalid character 'b' looking for beginning of object key string"],
    ["bad", "invalid character 'b' looking for beginning of value"],
    ["'", "invalid character '\\'' looking for beginning of value"],
    ["{", "unexpected EOF"],
    ['{"a', "unexpected EOF"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ['{"a":"\n"}', "invalid character '\\n' in string literal"],
    ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
    ['{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"],
    ['{"a":-x}', "invalid character 'x' in numeric literal"],
    ['{"a":1.x}', "invalid character 'x' after decimal point in numeric literal"],
    ['{"a":1ex}', "invalid character 'x' in exponent of numeric literal"],
    ['{"a":tru3}', "invalid character '3' in literal true (expecting 'e')"],
    ["[]", "proto: syntax error (line 1:1): unexpected token ["],
    [' "text"', 'proto: syntax error (line 1:1): unexpected token "text"'],
    ["null", "proto: syntax error (line 1:1): unexpected token null"],
    ["[".repeat(1_000_000), "exceeded max depth"],
  ];
  for (const [text, message] of refused) {
    test(`${JSON.stringify(text.slice(0, 20))} is refused: ${message}`, () => {
      expect(() => parseGoJson(text)).toThrow(new Error(message));
    });
  }
});
