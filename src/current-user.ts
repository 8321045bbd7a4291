import { type CallOptions, Code } from "@connectrpc/connect";
import type { User } from "../gen/zitadel/user_pb.js";
import type { UserClient } from "./client.js";
import { failure } from "./failure.js";

/** The user that an access token was issued to. */
export interface SignedInUser {
  readonly id: string;
  /** What the user signs in with. */
  readonly loginName: string;
  /** The user's name for people; the login name where there is none. */
  readonly displayName: string;
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
