import { commonOptions } from "../input/common-options.js";
import type { ProtocolName, Settings } from "../input/settings.js";
import { checkCors } from "./check-cors.js";
import { checkDns } from "./check-dns.js";
import { checkHttp } from "./check-http.js";
import { checkList } from "./check-list.js";
import { checkTcp } from "./check-tcp.js";
import { checkTls } from "./check-tls.js";
import { checkAcceptance, checkToken } from "./check-token.js";
import { checkUrl } from "./check-url.js";
import { explainCalls } from "./explain-calls.js";
import { type Finding, skipped } from "./finding.js";
import { type Calls, gotThrough, makeCalls } from "./make-calls.js";

/** How an examination came out. */
export interface Diagnosis {
  /** Whether a call over the chosen protocol worked. */
  readonly works: boolean;
  /** Whether it did not for want of another token. */
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
  const nothing = { works: false, needsToken: false };
  const { finding, target } = checkUrl(settings, signal);
  report(finding);
  const token = checkToken(settings);
  if (!target) {
    report(token);
    return nothing;
  }
  for (const step of [checkDns, checkTcp, checkTls, checkHttp]) {
    const findings = [await step(target)].flat();
    findings.forEach(report);
    const isBlocked = findings.some(({ status }) => status === "failed");
    if (isBlocked && step !== checkHttp) {
      report(token);
      return nothing;
    }
  }
  report(token);

  const usable = token.verdict === "token-malformed" ? { ...settings, token: undefined } : settings;
  const all: Calls[] = [];
  for (const protocol of commonOptions.protocol.choices) all.push(await makeCalls(usable, protocol, signal));
  for (const calls of all) report(explainCalls(calls, all, usable));
  const chosen = all.find(({ protocol }) => protocol === settings.protocol) as Calls;
  const acceptance = checkAcceptance(chosen, usable);
  report(acceptance);
  if (pageOrigin === undefined) {
    report(skipped("cors", "pass --origin to see whether pages of that origin may call"));
  } else {
    for (const protocol of ["grpc-web", "rest"] as const satisfies ProtocolName[]) {
      report(await checkCors(usable, target, protocol, pageOrigin));
    }
  }
  report(checkList(chosen));
  return { works: chosen.response !== undefined, needsToken: chosen.response === undefined && gotThrough(chosen) };
}
