import { describe, expect, test } from "@jest/globals";
import { describeFaults } from "../../src/cli/help/describe-faults.js";
import { parseFault } from "../../src/cli/input/parse-fault.js";
import { type FaultValue, faultKinds } from "../../src/testing.js";
import { start } from "../local/start-local.js";

function sample(value: FaultValue): string {
  if (typeof value !== "string") return value[0] ?? "";
  return { CODE: "unavailable", COUNT: "500", true: "true", TEXT: "text" }[value];
}

describe("every kind of fault", () => {
  for (const [kind, { needs = {}, takes = {} }] of Object.entries(faultKinds)) {
    test(`${kind} is read from a command line with all its fields, and the help tells of it`, async () => {
      const values = Object.entries({ ...needs, ...takes, times: "COUNT" as const, skip: "COUNT" as const });
      const fault = parseFault(`${kind}:${values.map(([name, value]) => `${name}=${sample(value)}`).join(",")}`);
      expect(Object.keys(fault)).toEqual(["kind", ...values.map(([name]) => name)]);
      const zitadel = await start();
      zitadel.fail(fault);
      expect(describeFaults()).toMatch(new RegExp(`^  ${kind}\\b`, "m"));
    });
  }

  test("without what it needs is refused by the server", async () => {
    const zitadel = await start();
    const needy = Object.entries(faultKinds).filter(([, { needs }]) => needs);
    expect(needy.length).toBeGreaterThan(0);
    for (const [kind] of needy) {
      expect(() => zitadel.fail(parseFault(kind))).toThrow(`a fault of kind ${kind} needs`);
    }
  });
});
