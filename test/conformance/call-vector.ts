import { type CallOptions, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { ConformanceService } from "../gen/connectrpc/conformance_pb.js";
import type { Pair, Vector } from "./vectors.js";

/** What a client reported. JSON, so that a browser can send it. */
export type Outcome =
  | { ok: true; data: string; headers: Pair[]; trailers: Pair[] }
  | { ok: false; code: number; message: string; details: string[]; metadata: Pair[] }
  | { thrown: string };

/** Calls each vector over a transport, a few at a time. Runs in browsers too. */
export async function callVectors(transport: Transport, vectors: readonly Vector[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = vectors.entries();
  // Browsers open six connections to an origin, and a call that waits for one would miss its deadline unsent.
  const worker = async () => {
    for (const [index, vector] of queue) outcomes[index] = await callVector(transport, vector);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return outcomes;
}

async function callVector(transport: Transport, vector: Vector): Promise<Outcome> {
  const client = createClient(ConformanceService, transport);
  const headers = new Headers(vector.reqHeaders);
  headers.set("x-vector", String(vector.id));
  let headersSeen: Pair[] = [];
  let trailersSeen: Pair[] = [];
  const options: CallOptions = {
    headers,
    onHeader: (received) => {
      headersSeen = [...received];
    },
    onTrailer: (received) => {
      trailersSeen = [...received];
    },
  };
  if (vector.timeoutMs !== undefined) options.timeoutMs = vector.timeoutMs;
  const caller = new AbortController();
  if (vector.cancelAfterMs !== undefined) {
    options.signal = caller.signal;
    setTimeout(() => caller.abort(), vector.cancelAfterMs);
  }
  try {
    if (vector.method === "Unimplemented") {
      await client.unimplemented({}, options);
      return { ok: true, data: "", headers: headersSeen, trailers: trailersSeen };
    }
    const { payload } = await client.unary({}, options);
    const data = btoa(String.fromCharCode(...(payload?.data ?? [])));
    return { ok: true, data, headers: headersSeen, trailers: trailersSeen };
  } catch (error) {
    if (!(error instanceof ConnectError)) return { thrown: String(error) };
    const details = error.details.map((detail) => ("type" in detail ? detail.type : detail.desc.typeName));
    const metadata: Pair[] = [...error.metadata];
    return { ok: false, code: error.code, message: error.rawMessage, details, metadata };
  }
}
