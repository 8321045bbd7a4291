import { Code, type ConnectError } from "@connectrpc/connect";
import { failure, networkFailure, noteOf } from "../failure.js";
import type { HttpRequest } from "./http.js";

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
 * Sends to an origin, and fails as what it is where the browser forbids that, which it does not say to who asked: by the
 * page's Content-Security-Policy, told by an event a little later, or by the permission for local networks.
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
    if (noteOf(error)?.reason !== "network-or-cors") throw error;
    await new Promise((resolve) => setTimeout(resolve));
    // Only Chromium knows the name.
    const name = "local-network-access" as PermissionName;
    const permission = await navigator.permissions?.query({ name }).catch(() => undefined);
    const message = isBlocked
      ? `this page's Content-Security-Policy forbids ${origin}: add it to connect-src`
      : permission?.state === "denied" &&
        `the browser denies this page the local network, where ${origin} may be: allow it`;
    if (!message) throw error;
    throw networkFailure({ reason: "network-or-cors", message, repeat: "never" }, error);
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
  }
}
