import { SessionService } from "../gen/zitadel/session/v2/session_service_pb.js";
import type { UserClient } from "./client.js";
import { nullPrototype } from "./null-prototype.js";
import { type EndResult, endEach, type RevokeOptions } from "./revoke.js";
import { currentUser, type SignIn, type SignInsView } from "./sign-ins.js";
import { checkId } from "./zitadel.js";

/** What `endSignIns` has to know of a sign-in: those of `listSignIns` have it. */
export type SignInToEnd = Pick<SignIn, "kind" | "id"> & { readonly isCurrent?: boolean | undefined };

/**
 * Ends sign-ins, one call each: sessions by DeleteSession, refresh tokens by RevokeMyRefreshToken. The caller's own session
 * comes last, since its access token ends with it. Apps that hold refresh tokens of an ended session go on until those
 * expire. ZITADEL does not tell which refresh token is the caller's: pass that one last.
 *
 * What fails is in `failed`. A failure that would meet every call ends it early, as in `revokeRefreshTokens`. It rejects
 * like that before it sends anything, and with a TypeError for anything that is no sign-in.
 */
export async function endSignIns(
  auth: UserClient,
  signIns: readonly SignInToEnd[],
  options: RevokeOptions = {},
): Promise<EndResult> {
  if (!Array.isArray(signIns)) throw new TypeError("signIns must be an array, such as listSignIns gives");
  const byKey = new Map<string, SignInToEnd>();
  for (const [index, { kind, id, isCurrent }] of signIns.entries()) {
    if (kind !== "session" && kind !== "refreshToken") {
      throw new TypeError(`signIns[${index}].kind must be "session" or "refreshToken"`);
    }
    checkId(id, `signIns[${index}].id`, kind === "session" ? kind : undefined);
    const key = `${kind} ${id}`;
    byKey.set(key, { kind, id, isCurrent: isCurrent ?? byKey.get(key)?.isCurrent });
  }
  const all = [...byKey.values()];
  const groups = [all.filter((each) => !isOwn(each)), all.filter(isOwn)];
  const sessions = auth.client(SessionService);
  return endEach(groups, options, ({ kind, id }, call) =>
    kind === "session" ? sessions.deleteSession({ sessionId: id }, call) : auth.revokeMyRefreshToken({ id }, call),
  );
}

export interface EndOtherSignInsOptions extends RevokeOptions {
  /** Ids of other sign-ins to keep. */
  readonly keep?: readonly string[] | undefined;
}

/**
 * Ends every sign-in of a view except the caller's own and those in `keep`, as `endSignIns` does. If the caller's own
 * session is known, all listed refresh tokens are other sign-ins.
 *
 * Rejects with a TypeError, before it ends anything, if the view does not tell which sign-in is the caller's own and `keep`
 * is empty, if an id in `keep` is not in the view, and if the view is of another user.
 */
export async function endOtherSignIns(
  auth: UserClient,
  view: Pick<SignInsView, "user" | "signIns">,
  options: EndOtherSignInsOptions = {},
): Promise<EndResult> {
  const { keep = [], ...others } = nullPrototype(options);
  if (!Array.isArray(view?.signIns)) throw new TypeError("view must be what listSignIns returns");
  if (!Array.isArray(keep)) throw new TypeError("keep must be an array of ids");
  const kept = new Set(keep);
  const listed = new Set(view.signIns.map(({ id }) => id));
  const stranger = keep.find((id) => !listed.has(id));
  if (stranger !== undefined) throw new TypeError(`keep names ${String(stranger)}, which is not in the view`);
  if (kept.size === 0 && !view.signIns.some(isOwn)) {
    throw new TypeError("nobody knows which sign-in is this one: name it in keep, or list with currentSessionId");
  }
  const user = await currentUser(auth, others.signal ? { signal: others.signal } : {});
  if (view.user?.id !== user.id) throw new TypeError("the view is another user's: list again with this client");
  const ending = view.signIns.filter((each) => !isOwn(each) && !kept.has(each.id));
  return endSignIns(auth, ending, others);
}

function isOwn({ isCurrent }: SignInToEnd): boolean {
  return isCurrent === true;
}
