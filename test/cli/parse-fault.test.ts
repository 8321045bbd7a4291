import { expect, test } from "@jest/globals";
import { parseFault } from "../../src/cli/input/parse-fault.js";
import { Code } from "../../src/node.js";

test.each([
  ["hang", { kind: "hang" }],
  ["hang:afterHeaders=true,skip=0", { kind: "hang", afterHeaders: true, skip: 0 }],
  ["delay:ms=2000,during=authorization", { kind: "delay", ms: 2_000, during: "authorization" }],
  ["status:code=not-found,id=500,message=a=b", { kind: "status", code: Code.NotFound, id: "500", message: "a=b" }],
  [
    "status:code=14,times=all,method=list",
    { kind: "status", code: 14, times: Infinity, method: "ListMyRefreshTokens" },
  ],
])("the fault %s", (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});
