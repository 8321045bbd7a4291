import { getDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { createFetchClient } from "../fetch.js";
import type { HttpClient } from "../http.js";
import type { NetworkFault } from "../network-failure.js";
import { networkFault } from "./faults.js";

/** An HTTP client over Node's `fetch`, or another one that fails as it does. Throws a TypeError if it is unsafe. */
export function createNodeFetchClient(origin: string, customFetch: typeof fetch | undefined): HttpClient {
  // It would hand tokens to whoever answers, and fetch has no option that says otherwise.
  if (!customFetch && origin.startsWith("https:") && process.env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    const remedy = "unset it and name the CA in NODE_EXTRA_CA_CERTS, or pass http2, which checks all the same";
    throw new TypeError(`NODE_TLS_REJECT_UNAUTHORIZED=0 keeps fetch from checking certificates: ${remedy}`);
  }
  return createFetchClient(origin, customFetch, fetchFault);
}

function fetchFault(error: unknown, host: string): NetworkFault | undefined {
  const fault = networkFault(error, host);
  // One error for each address that a name has: Node gives up on each of them soon, and fetch has no option for that.
  if (fault?.reason !== "connect-timeout" || !Array.isArray((error as AggregateError).errors)) return fault;
  const each = `Node's fetch gives each of its addresses ${getDefaultAutoSelectFamilyAttemptTimeout()} ms`;
  const remedy = "call net.setDefaultAutoSelectFamilyAttemptTimeout(5000), or pass http2";
  return { ...fault, message: `${fault.message}: ${each}; ${remedy}` };
}
