import { ours } from "./ours.js";
import { stock } from "./stock.js";
import { runSubject } from "./subject.js";
import { readVectors } from "./vectors.js";

const vectors = readVectors();

const rows: Record<string, { passed: number; of: number }> = {};
const failures: string[] = [];
for (const subject of [...ours, ...stock]) {
  const verdicts = await runSubject(subject, vectors);
  const failed = verdicts.filter(({ wrong }) => wrong.length > 0);
  rows[subject.name] = { passed: verdicts.length - failed.length, of: verdicts.length };
  for (const { name, wrong } of failed) failures.push(`${subject.name}: ${name}: ${wrong.join("; ")}`);
}
console.table(rows);
for (const failure of failures) console.log(failure);
if (failures.length > 0) process.exitCode = 1;
