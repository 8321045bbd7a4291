import { parseArgs } from "node:util";
import { judgeSoak } from "./judge-soak.js";
import { soak } from "./soak.js";

const { values } = parseArgs({
  options: { calls: { type: "string", default: "50000" }, seed: { type: "string" } },
});
const options = { calls: Number(values.calls), inFlight: 64, seed: Number(values.seed ?? Date.now() % 1_000_000) };
console.log(`${options.calls} calls, ${options.inFlight} in flight; the same faults again: --seed ${options.seed}`);
const report = await soak(options);
console.log(report);
const wrong = judgeSoak(options, report);
for (const sentence of wrong) console.log(sentence);
if (wrong.length > 0) process.exitCode = 1;
