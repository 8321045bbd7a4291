import type { Candidate } from "./candidates.js";

export type Load = { calls: number; inFlight: number; tokens: number };

/** What so many calls took. Latencies in milliseconds. */
export type Sample = { callsPerSecond: number; cpuMicrosPerCall: number; p50: number; p99: number };

/** Makes the calls and measures this process, in which nothing else may run. */
export async function takeSample(candidate: Candidate, { calls, inFlight, tokens }: Load): Promise<Sample> {
  const latencies = new Float64Array(calls);
  let next = 0;
  // Apart from the worker, which would hold on to its last message while it waits for the next.
  const call = async () => (await candidate.list()).result.length;
  const worker = async () => {
    while (next < calls) {
      const index = next++;
      const started = performance.now();
      const received = await call();
      latencies[index] = performance.now() - started;
      if (received !== tokens) throw new Error(`${received} tokens instead of ${tokens}`);
    }
  };
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort();
  const quantile = (share: number) => latencies[Math.min(calls - 1, Math.floor(calls * share))] ?? 0;
  return {
    callsPerSecond: calls / seconds,
    cpuMicrosPerCall: (user + system) / calls,
    p50: quantile(0.5),
    p99: quantile(0.99),
  };
}

/** By how many bytes the heap differs before and after these calls, each time after a collection. */
export async function heapGrowth(candidate: Candidate, load: Load): Promise<number> {
  if (!gc) throw new Error("start node with --expose-gc");
  const settledHeap = async () => {
    // Finished streams are let go of some turns later.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await gc?.();
    await gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = await settledHeap();
  await takeSample(candidate, load);
  return (await settledHeap()) - before;
}

/** Milliseconds from a new client to its first answer, so many times one after another. */
export async function firstCalls(create: () => Promise<Candidate>, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    const started = performance.now();
    const candidate = await create();
    await candidate.list();
    taken.push(performance.now() - started);
    await candidate.close();
  }
  return taken;
}
