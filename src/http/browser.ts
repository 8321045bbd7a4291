import { Code, type ConnectError } from "@connectrpc/connect";
import { failure } from "../failure.js";
import type { HttpRequest } from "./http.js";
import { networkFailure } from "./network-failure.js";

/** The error of a request that this page cannot make, `undefined` if it can: nothing is sent then. */
export function pageFailure({ headers }: HttpRequest, origin: string): ConnectError | undefined {
  const { fetch, location, CapacitorWebFetch: web } = globalThis as typeof globalThis & { CapacitorWebFetch?: unknown };
  // CapacitorHttp leaves the app's own origin alone, and can carry JSON.
  const isPatched = web && web !== fetch && location?.origin !== origin;
  if (!isPatched || !headers["x-grpc-web"]) return undefined;
  const message = "CapacitorHttp makes text of gRPC-Web: pass `fetch: CapacitorWebFetch`, or use rest";
  return failure(Code.Unknown, message, { reason: "bad-http" });
}

/**
 * Sends to an origin, and fails as what it is where the page's Content-Security-Policy forbids that: a browser does not
 * say so to who asked, but by an event a little later.
 */
export async function underPolicy<T>(origin: string, send: () => Promise<T>): Promise<T> {
  const { document } = globalThis;
  if (!document) return send();
  let isBlocked = false;
  const note = ({ blockedURI, disposition }: SecurityPolicyViolationEvent) => {
    isBlocked ||= disposition === "enforce" && blockedURI.startsWith(`${origin}/`);
  };
  document.addEventListener("securitypolicyviolation", note);
  try {
    return await send();
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve));
    if (!isBlocked) throw error;
    const message = `this page's Content-Security-Policy forbids ${origin}: add it to connect-src`;
    throw networkFailure({ reason: "network-or-cors", message, repeat: "never" }, error);
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
  }
}
