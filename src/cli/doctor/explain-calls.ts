import { adviceOn, remedyOf } from "../../advice.js";
import { getErrorInfo } from "../../node.js";
import { explainError } from "../explain-error.js";
import type { Settings } from "../input/settings.js";
import { type Finding, failed, ok, type Verdict } from "./finding.js";
import { type Calls, gotThrough } from "./make-calls.js";

/** Says how calls over one protocol went; `all` went over it and the others. */
export function explainCalls(calls: Calls, all: readonly Calls[], called: Settings): Finding {
  const { protocol, ms, error } = calls;
  if (ms) {
    const [first, next] = ms.map((each) => `${Math.round(each)} ms`);
    return ok(protocol, `works: ${first} with connecting, then ${next}`, ms[1]);
  }
  if (!error || gotThrough(calls)) {
    return ok(protocol, `reaches ZITADEL, which ${called.token ? "wants another token" : "was asked without a token"}`);
  }
  const call = { ...called, protocol };
  const info = getErrorInfo(error);
  const advice = adviceOn(info, error.rawMessage);
  const other = all.find((each) => gotThrough(each))?.protocol;
  const instead = advice.otherProtocol && other ? `; or use --protocol ${other}` : "";
  const verdict = (advice.verdict ?? "error") as Verdict;
  return failed(protocol, verdict, explainError(error, call).message, `${remedyOf(advice, info, call)}${instead}`);
}
