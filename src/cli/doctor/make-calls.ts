import { ConnectError, type ListMyRefreshTokensResponse } from "../../node.js";
import { openClient } from "../connect/open-client.js";
import { isRefusal } from "../explain-error.js";
import type { ProtocolName, Settings } from "../input/settings.js";

/** What became of calls over one protocol. */
export interface Calls {
  readonly protocol: ProtocolName;
  readonly response?: ListMyRefreshTokensResponse;
  readonly error?: ConnectError;
  /** How long the call took with connecting, and how long the next one without. */
  readonly ms?: readonly [first: number, next: number];
}

/** Lists over one protocol, twice if the first works. Throws only if the user interrupts it. */
export async function makeCalls(settings: Settings, protocol: ProtocolName, signal: AbortSignal): Promise<Calls> {
  const { timeoutMs = 5_000 } = settings;
  const auth = await openClient({ ...settings, protocol, timeoutMs }, false);
  const timed = async () => {
    const startedAt = performance.now();
    const response = await auth.listMyRefreshTokens({}, { signal });
    return { response, ms: performance.now() - startedAt };
  };
  try {
    const { response, ms: first } = await timed();
    const { ms: next } = await timed();
    return { protocol, response, ms: [first, next] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectError)) throw error;
    return { protocol, error };
  } finally {
    await auth.close();
  }
}

/** Whether the calls got through to ZITADEL, although it may have refused the token. */
export function gotThrough({ response, error }: Calls): boolean {
  if (response) return true;
  return isRefusal(error);
}
