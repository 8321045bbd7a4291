// A process of its own for one candidate: measures as it is told.
import { candidates, type Where } from "./candidates.js";
import { firstCalls, heapGrowth, type Load, takeSample } from "./sample.js";

export type Order = { measure: "sample" | "heap"; load: Load } | { measure: "first"; times: number };

const [name = "", baseUrl = "", tokens] = process.argv.slice(2);
const where: Where = { baseUrl, tokens: Number(tokens) };
const create = candidates[name];
if (!create) throw new Error(`there is no candidate ${name}`);
const candidate = await create(where);

process.on("message", async (order: Order) => {
  if (order.measure === "first") process.send?.(await firstCalls(() => create(where), order.times));
  else if (order.measure === "heap") process.send?.(await heapGrowth(candidate, order.load));
  else process.send?.(await takeSample(candidate, order.load));
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
