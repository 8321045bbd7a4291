import { viewRefreshTokens } from "../../node.js";
import { relativeTime } from "../../relative-time.js";
import { countTokens, emptyListMeaning, isOld } from "../about-lists.js";
import type { Calls } from "./check-protocol.js";
import { type Finding, finder, ok, skipped } from "./finding.js";

export const listVerdicts = {
  "list-empty": ["warning", "it is empty, which does not mean that nobody is signed in", emptyListMeaning],
} as const;

/** Says what the list means. */
export function checkList({ response }: Calls): Finding {
  if (!response) return skipped("list", "no call got through");
  const now = Date.now();
  const { tokens, total, truncated, asOf } = viewRefreshTokens(response, { now });
  if (tokens.length === 0) return finder("list", listVerdicts)("list-empty");
  const active = tokens.filter(({ state }) => state === "active").length;
  const age = isOld(asOf, now) ? `, as of ${relativeTime(asOf, now)}` : "";
  const rest = truncated ? ` of ${total} that there are, in no particular order` : "";
  return ok("list", `${countTokens(tokens.length)}${rest}, ${active} of them active${age}`);
}
