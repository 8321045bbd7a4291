import { viewRefreshTokens } from "../../node.js";
import { countTokens, emptyListMeaning, isOld } from "../about-lists.js";
import { relativeTime } from "../terminal/relative-time.js";
import { type Finding, ok, skipped, warning } from "./finding.js";
import type { Calls } from "./make-calls.js";

/** Says what the list means. */
export function checkList({ response }: Calls): Finding {
  if (!response) return skipped("list", "no call got through");
  const now = Date.now();
  const { tokens, total, truncated, asOf } = viewRefreshTokens(response, { now });
  if (tokens.length === 0) {
    const message = "it is empty, which does not mean that nobody is signed in";
    return warning("list", "list-empty", message, emptyListMeaning);
  }
  if (truncated) {
    const message = `${tokens.length} of ${total} tokens are listed, in no particular order`;
    return warning("list", "list-truncated", message, "revoke what has expired: list --state expired -o ids");
  }
  const active = tokens.filter(({ state }) => state === "active").length;
  const age = isOld(asOf, now) ? `, as of ${relativeTime(asOf, now)}` : "";
  return ok("list", `${countTokens(tokens.length)}, ${active} of them active${age}`);
}
