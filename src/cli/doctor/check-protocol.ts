import { ConnectError, getErrorInfo, type ListMyRefreshTokensResponse } from "../../node.js";
import { adviceOn, type CallVerdict, remedyOf } from "../advice.js";
import { openClient } from "../connect/open-client.js";
import { explainError, isRefusal } from "../explain-error.js";
import type { ProtocolName, Settings } from "../input/settings.js";
import { type Finding, finder, ok } from "./finding.js";

/** What became of calls over one protocol. */
export interface Calls {
  readonly protocol: ProtocolName;
  readonly response?: ListMyRefreshTokensResponse;
  readonly error?: ConnectError;
  /** Those of ZITADEL's answer, if there was one. */
  readonly headers?: Headers;
  /** How long the call took with connecting, and how long the next one without. */
  readonly ms?: readonly [first: number, next: number];
}

/** What can be wrong with calls that work; what is wrong with those that fail is in the table of advice. */
export const protocolVerdicts = {
  slow: ["warning", "works, but slowly: {times}", "is the server overloaded, or the network slow?"],
} as const;

// Calls of a ZITADEL that is well take some 20 ms.
const slowMs = 1_000;

/** Lists over one protocol, twice if the first works. Throws only if the user interrupts it. */
export async function makeCalls(settings: Settings, protocol: ProtocolName, signal: AbortSignal): Promise<Calls> {
  const { timeoutMs = 5_000 } = settings;
  const auth = await openClient({ ...settings, protocol, timeoutMs }, false);
  let headers: Headers | undefined;
  const onHeader = (header: Headers) => {
    headers = header;
  };
  const timed = async () => {
    const startedAt = performance.now();
    const response = await auth.listMyRefreshTokens({}, { signal, onHeader });
    return { response, ms: performance.now() - startedAt };
  };
  try {
    const { response, ms: first } = await timed();
    const { ms: next } = await timed();
    return { protocol, response, ms: [first, next], ...(headers && { headers }) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectError)) throw error;
    return { protocol, error, ...(getErrorInfo(error).fromServer && { headers: error.metadata }) };
  } finally {
    await auth.close();
  }
}

/** Whether the calls got through to ZITADEL, although it may have refused the token. */
export function gotThrough({ response, error }: Calls): boolean {
  return response !== undefined || isRefusal(error);
}

/** Says how calls over one protocol went; `other` is a protocol over which they got through. */
export function explainCalls(calls: Calls, other: ProtocolName | undefined, settings: Settings): Finding {
  const { protocol, ms, error } = calls;
  if (ms) {
    const [first, next] = ms.map((each) => `${Math.round(each)} ms`);
    const times = `${first} with connecting, then ${next}`;
    if (ms[1] > slowMs) return finder(protocol, protocolVerdicts)("slow", { times });
    return ok(protocol, `works: ${times}`, ms[1]);
  }
  if (!error || gotThrough(calls)) {
    return ok(
      protocol,
      `reaches ZITADEL, which ${settings.token ? "wants another token" : "was asked without a token"}`,
    );
  }
  const call = { ...settings, protocol };
  const info = getErrorInfo(error);
  const advice = adviceOn(info, error.rawMessage);
  const instead = advice.otherProtocol && other ? `; or use --protocol ${other}` : "";
  const verdict: CallVerdict = advice.verdict ?? "error";
  const words = [explainError(error, call).message, `${remedyOf(advice, info, call)}${instead}`] as const;
  return { check: protocol, status: "failed", verdict, message: words[0], remedy: words[1] };
}
