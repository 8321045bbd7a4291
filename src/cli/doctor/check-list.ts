import { ConnectError, listSignIns, type SignInsView, viewRefreshTokens } from "../../node.js";
import { openClient } from "../connect/open-client.js";
import { counted } from "../in-words.js";
import type { Settings } from "../input/settings.js";
import type { Calls } from "./check-protocol.js";
import { type Finding, finder, ok, skipped } from "./finding.js";

export const listVerdicts = {
  "list-empty": ["warning", "{server} lists no sign-in, which does not mean that there is none", "{why}"],
} as const;

/** Says which kind of server it is, and what it lists, over the protocol of the calls. */
export async function checkList(
  { response, protocol }: Calls,
  settings: Settings,
  signal: AbortSignal,
): Promise<Finding> {
  if (!response) return skipped("list", "no call got through");
  const auth = await openClient({ ...settings, protocol, timeoutMs: settings.timeoutMs ?? 5_000 }, false);
  try {
    const { user } = await auth.getMyUser({}, { signal });
    return explainList(await listSignIns(auth, { signal }), user?.type.case === "machine");
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ConnectError)) throw error;
    const count = counted(viewRefreshTokens(response).tokens.length, "refresh token");
    return ok("list", `${count}; whether there are other sign-ins cannot be told: ${error.message}`);
  } finally {
    await auth.close();
  }
}

function explainList({ sessions, tokens: view, signIns }: SignInsView, isServiceUser: boolean): Finding {
  const server = sessions ? "a ZITADEL with sessions" : "a ZITADEL without sessions, such as 2.44,";
  if (signIns.length === 0) {
    if (isServiceUser) return ok("list", `${server} lists nothing: a service user signs in nowhere`);
    const why = sessions
      ? "one from before 2025 lists no sessions; a later one none that have been ended. A personal access token is of none"
      : "it lists the apps that asked for the scope offline_access, and no others";
    return finder("list", listVerdicts)("list-empty", { server, why });
  }
  const { tokens, total, truncated } = view;
  const active = tokens.filter(({ state }) => state === "active").length;
  const rest = truncated ? ` of ${total} that there are, in no particular order` : "";
  const own = sessions?.some(({ isCurrent }) => isCurrent)
    ? "this token's own among them"
    : "and which is this token's own is not known";
  const ofSessions = sessions ? `${counted(sessions.length, "session")}, ${own}; ` : "";
  return ok("list", `${server} lists ${ofSessions}${counted(tokens.length, "refresh token")}${rest}, ${active} active`);
}
