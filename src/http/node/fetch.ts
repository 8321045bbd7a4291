import { getDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import type { NetworkFault } from "../../failure.js";
import { createFetchClient } from "../fetch.js";
import type { HttpClient } from "../http.js";
import { networkFault } from "./faults.js";

/** An HTTP client over a `fetch` that fails as Node's does. */
export function createNodeFetchClient(origin: string, fetch: typeof globalThis.fetch): HttpClient {
  return createFetchClient(origin, fetch, fetchFault);
}

function fetchFault(error: unknown, host: string): NetworkFault | undefined {
  const fault = networkFault(error, host);
  // One error for each address that a name has: Node gives up on each of them soon, and fetch has no option for that.
  if (fault?.reason !== "connect-timeout" || !Array.isArray((error as AggregateError).errors)) return fault;
  const each = `Node's fetch gives each of its addresses ${getDefaultAutoSelectFamilyAttemptTimeout()} ms`;
  const remedy = "call net.setDefaultAutoSelectFamilyAttemptTimeout(5000), or omit fetch";
  return { ...fault, message: `${fault.message}: ${each}; ${remedy}` };
}
