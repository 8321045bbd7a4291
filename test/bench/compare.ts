import { caFile } from "../helpers/certificate.js";
import { Child } from "../helpers/child.js";
import { http1Candidates } from "./candidates.js";
import type { Order } from "./client.js";
import type { Load, Sample } from "./sample.js";
import type { Origins } from "./server.js";

/** The samples of each candidate under one load, in order of the rounds. */
export type Comparison = { load: Load; samples: Record<string, Sample[]> };

/**
 * Measures candidates side by side: each in a process of its own, all against one server in another, taking turns, and
 * every other round the other way round. Before that each makes a third as many calls, for V8 to compile it.
 */
export async function compare(names: readonly string[], load: Load, rounds: number): Promise<Comparison> {
  const samples: Comparison["samples"] = {};
  const warmUp = { ...load, calls: Math.ceil((load.calls * rounds) / 3) };
  await withClients(names, load.tokens, { measure: "sample", load: warmUp }, async (clients) => {
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
export async function compareHeaps(names: readonly string[], load: Load): Promise<Record<string, number>> {
  const growth: Record<string, number> = {};
  const warmUp = { ...load, calls: Math.ceil(load.calls / 4) };
  await withClients(names, load.tokens, { measure: "sample", load: warmUp }, async (clients) => {
    for (const [name, client] of clients) {
      const order: Order = { measure: "heap", load };
      growth[name] = await client.ask<number>(order);
    }
  });
  return growth;
}

/** Milliseconds from a new client to its first answer over TLS, of each candidate, taking turns. */
export async function compareFirstCalls(names: readonly string[], rounds: number): Promise<Record<string, number[]>> {
  const taken: Record<string, number[]> = {};
  // Read by a process when it starts: every client then trusts the server's certificate, each with its defaults.
  process.env.NODE_EXTRA_CA_CERTS = caFile;
  process.env.GRPC_DEFAULT_SSL_ROOTS_FILE_PATH = caFile;
  const order: Order = { measure: "first", times: 5 };
  const use = async (clients: [string, Child][]) => {
    for (let round = 0; round < rounds; round++) {
      for (const [name, client] of round % 2 === 0 ? clients : clients.toReversed()) {
        taken[name] = [...(taken[name] ?? []), ...(await client.ask<number[]>(order))];
      }
    }
  };
  await withClients(names, 2, order, use, { secure: true });
  return taken;
}

/** There is nothing to wait for in decoding, and to hold many messages at a time would only make work for the heap. */
function loadOf(name: string, load: Load): Load {
  return name === "decoding" ? { ...load, inFlight: 1 } : load;
}

async function withClients(
  names: readonly string[],
  tokens: number,
  warmUp: Order,
  use: (clients: [string, Child][]) => Promise<void>,
  { secure = false }: { secure?: boolean } = {},
): Promise<void> {
  const serverArgs = [String(tokens), ...(secure ? ["tls"] : [])];
  const [server, origins] = await Child.start<Origins>(new URL("./server.js", import.meta.url), ...serverArgs);
  const clients: [string, Child][] = [];
  try {
    for (const name of names) {
      const baseUrl = Object.hasOwn(http1Candidates, name) ? origins.http1 : origins.grpc;
      const [client] = await Child.start(new URL("./client.js", import.meta.url), name, baseUrl, String(tokens));
      clients.push([name, client]);
      await client.ask("load" in warmUp ? { ...warmUp, load: loadOf(name, warmUp.load) } : warmUp);
    }
    await use(clients);
  } finally {
    for (const [, client] of clients) await client.end();
    await server.end();
  }
}
