import { base64Decode } from "@bufbuild/protobuf/wire";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { type ListSessionsResponse, SessionService } from "../gen/zitadel/session/v2/session_service_pb.js";
import type { User } from "../gen/zitadel/user_pb.js";
import type { UserClient } from "./client.js";
import { failure } from "./failure.js";
import { nullPrototype } from "./null-prototype.js";
import { newestFirst, type RefreshTokensView, type RefreshTokenView, timeOf, viewRefreshTokens } from "./view.js";
import { type SessionView, type ViewSessionsOptions, viewSessions } from "./view-sessions.js";
import { checkId, isServiceMissing } from "./zitadel.js";

/** The user that an access token was issued to. */
export interface SignedInUser {
  readonly id: string;
  /** What the user signs in with. */
  readonly loginName: string;
  /** The user's name for people; the login name where there is none. */
  readonly displayName: string;
}

/** A session or a refresh token: where somebody is signed in. */
export type SignIn =
  | ({ readonly kind: "session" } & SessionView)
  | ({ readonly kind: "refreshToken" } & RefreshTokenView);

/**
 * Why more may be signed in than is listed:
 *
 * - `offline-access`: this server has sessions, and apps with the scope `offline_access` may hold refresh tokens that no
 *   API of it lists.
 * - `current-not-listed`: the sign-in of this access token is not in the list. The token came from the old login, it is a
 *   personal access token, or the server is from before January 2025.
 */
export type SignInsGap = "offline-access" | "current-not-listed";

/** Where a user is signed in: plain, as `RefreshTokensView` is. `viewToJson` and `viewFromJson` pass it through JSON. */
export interface SignInsView {
  readonly user: SignedInUser;
  /** Last changed first. Absent where the server has no sessions to list, such as ZITADEL 2.44. */
  readonly sessions?: readonly SessionView[];
  readonly tokens: RefreshTokensView;
  /** Empty if the list is known to be complete. */
  readonly incomplete: readonly SignInsGap[];
  /** Sessions and refresh tokens in one list, last active first. */
  readonly signIns: readonly SignIn[];
}

export interface ListSignInsOptions extends ViewSessionsOptions {
  /**
   * The id_token of the caller's sign-in, instead of `currentSessionId`. Only its claim `sid` is read, to mark the current
   * session. It is not verified.
   */
  readonly currentIdToken?: string | undefined;
  /** Stops the calls. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lists where the user is signed in: the sessions of a current ZITADEL and the refresh tokens of an old one. `auth` is what
 * `createAuthClient` or its `withToken` returns. A client asks ZITADEL once who its user is (GetMyUser), then for both lists
 * at the same time. If you name no current session, it also asks for the sessions of the browser that the access token came
 * from; if there is exactly one, that is the current one.
 *
 * Rejects with the error of a list that the server refuses. Before it sends anything, it rejects with a TypeError for a
 * `currentSessionId` that cannot be one, a `currentIdToken` that is no JWT, or both together, and with a RangeError for a
 * `now` that is no time.
 */
export async function listSignIns(auth: UserClient, options: ListSignInsOptions = {}): Promise<SignInsView> {
  const given = nullPrototype(options);
  const now = timeOf(given.now);
  const namedId = namedSession(given);
  const call = given.signal ? { signal: given.signal } : {};
  const user = await currentUser(auth, call);

  const mine = { case: "userIdQuery", value: { id: user.id } } as const;
  const thisBrowser = { case: "userAgentQuery", value: {} } as const;
  const list = async (...queries: (typeof mine | typeof thisBrowser)[]) =>
    auth.client(SessionService).listSessions({ queries: queries.map((query) => ({ query })) }, call);
  const [sessions, tokens, candidates] = await Promise.all([
    list(mine).catch(noneIfMissing),
    auth.listMyRefreshTokens({}, call),
    namedId === undefined ? list(mine, thisBrowser).then(idsIn, noIdsIfRefused) : [namedId],
  ]);

  const currentSessionId = candidates?.length === 1 ? candidates[0] : undefined;
  const tokensView = viewRefreshTokens(tokens, { now });
  if (!sessions) return joined({ user, tokens: tokensView, incomplete: [] });
  const view = viewSessions(sessions, { now, currentSessionId });
  const listed = new Set(view.map(({ id }) => id));
  const isListed = listed.size > 0 && (candidates?.some((id) => listed.has(id)) ?? true);
  const incomplete: SignInsGap[] = isListed ? ["offline-access"] : ["offline-access", "current-not-listed"];
  return joined({ user, sessions: view, tokens: tokensView, incomplete });
}

function namedSession({ currentSessionId, currentIdToken }: ListSignInsOptions): string | undefined {
  if (currentSessionId === undefined) return currentIdToken === undefined ? undefined : sessionIdIn(currentIdToken);
  if (currentIdToken !== undefined) throw new TypeError("currentSessionId and currentIdToken exclude each other");
  checkId(currentSessionId, "currentSessionId", "session");
  return currentSessionId;
}

/**
 * The claim `sid` of an id_token: the id of the session that it came from; `undefined` where it has none, as from the old
 * login. The token is decoded, not verified. A TypeError, never with the token in it, for what is no JWT.
 */
function sessionIdIn(idToken: string): string | undefined {
  try {
    const [, payload, signature, ...others] = idToken.split(".");
    if (signature === undefined || others.length > 0) throw new TypeError("not three parts");
    const { sid } = JSON.parse(new TextDecoder().decode(base64Decode(payload as string)));
    return typeof sid === "string" && sid !== "" ? sid : undefined;
  } catch {
    throw new TypeError("currentIdToken is no JWT: pass the id_token of the sign-in, not the access token");
  }
}

function noneIfMissing(error: unknown): undefined {
  if (!isServiceMissing(error)) throw error;
}

function idsIn({ sessions }: ListSessionsResponse): string[] {
  return sessions.map(({ id }) => id);
}

// A personal access token came from no browser (InvalidArgument, GRPC-x8n23uh). Whatever else keeps the server from telling,
// it is not known.
function noIdsIfRefused(error: unknown): [] | undefined {
  return error instanceof ConnectError && error.code === Code.InvalidArgument ? [] : undefined;
}

function joined(view: Omit<SignInsView, "signIns">): SignInsView {
  const signIns: SignIn[] = [
    ...(view.sessions ?? []).map((session) => ({ kind: "session" as const, ...session })),
    ...view.tokens.tokens.map((token) => ({ kind: "refreshToken" as const, ...token })),
  ];
  const lastActive = (signIn: SignIn) => (signIn.kind === "session" ? signIn.changedAt : signIn.lastUsedAt);
  return { ...view, signIns: signIns.sort(newestFirst(lastActive)) };
}

// A client is one user's, so who that is does not change.
const users = new WeakMap<UserClient, Promise<SignedInUser>>();

/** Who the user of a client is. Asks ZITADEL once a client. */
export async function currentUser(auth: UserClient, options: CallOptions): Promise<SignedInUser> {
  if (typeof auth?.client !== "function") {
    throw new TypeError("auth must be what createAuthClient or its withToken returns");
  }
  const known = users.get(auth);
  // Whoever asked first may have stopped waiting.
  if (known) return known.catch(() => currentUser(auth, options));
  const asked = askForUser(auth, options);
  users.set(auth, asked);
  asked.catch(() => users.delete(auth));
  return asked;
}

async function askForUser(auth: UserClient, options: CallOptions): Promise<SignedInUser> {
  const { user } = await auth.getMyUser({}, options);
  // Without the id in the query ZITADEL would read every session of the instance.
  if (!user?.id) throw failure(Code.Internal, "the server's GetMyUserResponse does not say who the user is", {});
  return viewUser(user);
}

function viewUser({ id, userName, preferredLoginName, type }: User): SignedInUser {
  const loginName = preferredLoginName || userName;
  const name = type.case === "human" ? type.value.profile?.displayName : type.value?.name;
  return { id, loginName, displayName: name || loginName };
}
