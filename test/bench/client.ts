// A process of its own for one candidate: takes samples as it is told.
import { type CandidateName, candidates } from "./candidates.js";
import { heapGrowth, type Load, takeSample } from "./sample.js";

export type Order = { measure: "sample" | "heap"; load: Load };

const [name, baseUrl, tokens] = process.argv.slice(2);
const candidate = await candidates[name as CandidateName](baseUrl ?? "", Number(tokens));

process.on("message", async ({ measure, load }: Order) => {
  process.send?.(await (measure === "heap" ? heapGrowth(candidate, load) : takeSample(candidate, load)));
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
