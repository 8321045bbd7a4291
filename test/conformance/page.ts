import { createAuthTransport } from "../../src/web.js";
import { callVectors, type Outcome } from "./call-vector.js";
import type { Vector } from "./vectors.js";

/** What Chromium runs, on the vectors' own origin. */
export function run(vectors: readonly Vector[]): Promise<Outcome[]> {
  return callVectors(createAuthTransport({ baseUrl: "/", retry: false, timeoutMs: false }), vectors);
}
