import { expect, test } from "@jest/globals";
import { measureMarks } from "./marks.js";

const marks = Object.entries(await measureMarks());

test("what comes along is the package and two more", () => {
  expect(marks.map(([name]) => name).filter((name) => name.startsWith("bytes installed"))).toHaveLength(3);
});

for (const [name, { measured, limit }] of marks) {
  test(`${name}: at most ${limit}`, () => {
    expect(measured).toBeLessThanOrEqual(limit);
    // A limit far above what there is would let the house grow back unseen.
    expect(measured).toBeGreaterThanOrEqual(Math.floor(limit * 0.75));
  });
}
