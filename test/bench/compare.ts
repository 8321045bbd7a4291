import { Child } from "../helpers/child.js";
import type { CandidateName } from "./candidates.js";
import type { Order } from "./client.js";
import type { Load, Sample } from "./sample.js";

/** The samples of each candidate under one load, in order of the rounds. */
export type Comparison = { load: Load; samples: Record<string, Sample[]> };

/**
 * Measures candidates side by side: each in a process of its own, all against one server in another, taking turns, and
 * every other round the other way round.
 */
export async function compare(names: readonly CandidateName[], load: Load, rounds: number): Promise<Comparison> {
  const samples: Comparison["samples"] = {};
  await withClients(names, load, async (clients) => {
    for (let round = 0; round < rounds; round++) {
      for (const [name, client] of round % 2 === 0 ? clients : clients.toReversed()) {
        const order: Order = { measure: "sample", load: loadOf(name, load) };
        samples[name] = [...(samples[name] ?? []), await client.ask<Sample>(order)];
      }
    }
  });
  return { load, samples };
}

/** By how many bytes each candidate's heap differs after the calls. */
export async function compareHeaps(names: readonly CandidateName[], load: Load): Promise<Record<string, number>> {
  const growth: Record<string, number> = {};
  await withClients(names, load, async (clients) => {
    for (const [name, client] of clients) {
      const order: Order = { measure: "heap", load };
      growth[name] = await client.ask<number>(order);
    }
  });
  return growth;
}

/** There is nothing to wait for in decoding, and to hold many messages at a time would only make work for the heap. */
function loadOf(name: CandidateName, load: Load): Load {
  return name === "decoding" ? { ...load, inFlight: 1 } : load;
}

async function withClients(
  names: readonly CandidateName[],
  load: Load,
  use: (clients: [CandidateName, Child][]) => Promise<void>,
): Promise<void> {
  const [server, baseUrl] = await Child.start<string>(new URL("./server.js", import.meta.url), String(load.tokens));
  const clients: [CandidateName, Child][] = [];
  try {
    for (const name of names) {
      const [client] = await Child.start(new URL("./client.js", import.meta.url), name, baseUrl, String(load.tokens));
      clients.push([name, client]);
      const warmUp: Order = { measure: "sample", load: { ...loadOf(name, load), calls: Math.ceil(load.calls / 4) } };
      await client.ask(warmUp);
    }
    await use(clients);
  } finally {
    for (const [, client] of clients) await client.end();
    await server.end();
  }
}
