import { describe, expect, test } from "@jest/globals";
import { stock } from "./stock.js";
import { runSubject } from "./subject.js";
import { readVectors, vectorsPath } from "./vectors.js";

const vectors = readVectors();
if (!vectors) console.warn(`conformance is skipped: no vectors at ${vectorsPath}`);

describe("Connect's conformance vectors", () => {
  for (const [subject, count] of [
    [stock[0], 138],
    [stock[1], 138],
    [stock[2], 142],
    [stock[3], 78],
  ] as const) {
    (vectors ? test : test.skip)(`${subject?.name}: all ${count} pass`, async () => {
      if (!subject) throw new Error("no subject");
      const verdicts = await runSubject(subject, vectors ?? []);
      expect(verdicts.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
      expect(verdicts).toHaveLength(count);
    });
  }
});
