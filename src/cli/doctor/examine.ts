import { commonOptions } from "../input/common-options.js";
import type { ProtocolName, Settings } from "../input/settings.js";
import { checkDns, checkPort } from "./check-connection.js";
import { checkCors, type PageProtocol } from "./check-cors.js";
import { checkHttp } from "./check-http.js";
import { checkList } from "./check-list.js";
import { type Calls, explainCalls, gotThrough, makeCalls } from "./check-protocol.js";
import { checkTls } from "./check-tls.js";
import { checkAcceptance, checkToken } from "./check-token.js";
import { checkUrl } from "./check-url.js";
import { type Finding, skipped } from "./finding.js";

/** How an examination came out. */
export interface Diagnosis {
  /** The protocols over which calls worked. */
  readonly working: readonly ProtocolName[];
  /** Whether the calls over the chosen one did not, for want of another token. */
  readonly needsToken: boolean;
}

/**
 * Examines, step by step, why calls do not work, and reports what each step finds. A step that cannot be taken because
 * of one before is left out.
 */
export async function examine(
  settings: Settings,
  pageOrigin: string | undefined,
  signal: AbortSignal,
  report: (finding: Finding) => void,
): Promise<Diagnosis> {
  const nothing = { working: [], needsToken: false };
  const { finding, target } = checkUrl(settings, signal);
  report(finding);
  const token = checkToken(settings);
  if (!target) {
    report(token);
    return nothing;
  }
  for (const step of [checkDns, checkPort, checkTls, checkHttp]) {
    const found = await step(target);
    report(found);
    // Some proxies let calls through, and not what is asked over HTTP/1.1.
    if (step !== checkHttp && found.status === "failed") {
      report(token);
      return nothing;
    }
  }
  report(token);

  const usable = token.verdict === "token-malformed" ? { ...settings, token: undefined } : settings;
  const all: Calls[] = [];
  for (const protocol of commonOptions.protocol.choices) all.push(await makeCalls(usable, protocol, signal));
  // The chosen one first: what else there is to find is looked at over what works.
  const chosen = all.find(({ protocol }) => protocol === settings.protocol) as Calls;
  const best = [chosen, ...all].find(({ response }) => response) ?? [chosen, ...all].find(gotThrough) ?? chosen;
  for (const calls of all) report(explainCalls(calls, gotThrough(best) ? best.protocol : undefined, usable));
  report(checkAcceptance(best, usable));
  if (pageOrigin === undefined) report(skipped("cors", "pass --origin to see whether pages of that origin may call"));
  for (const protocol of pageOrigin === undefined ? [] : (["grpc-web", "rest"] satisfies PageProtocol[])) {
    const isThrough = all.some((calls) => calls.protocol === protocol && gotThrough(calls));
    report(
      isThrough
        ? await checkCors(usable, target, protocol, pageOrigin as string)
        : skipped(`cors-${protocol}`, "no call got through"),
    );
  }
  report(await checkList(best, usable, signal));
  return {
    working: all.filter(({ response }) => response).map(({ protocol }) => protocol),
    needsToken: !chosen.response && gotThrough(chosen),
  };
}
