// Lists where a user is signed in, on any ZITADEL. Arguments: ids to end, or `others`; `own` revokes REFRESH_TOKEN.
//
// ZITADEL ends a session's access tokens at once, but not the refresh token of an app with `offline_access` (measured on
// ZITADEL 4). Only the app that holds it can revoke it.
import {
  createAuthClient,
  endOtherSignIns,
  endSignIns,
  grpc,
  grpcWeb,
  listSignIns,
  rest,
  type SignIn,
  type SignInsGap,
} from "zitadel-refresh-tokens";

const baseUrl = process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud";
const protocol = { grpc, "grpc-web": grpcWeb, rest }[process.env.PROTOCOL ?? "grpc"];

const whyMore: Record<SignInsGap, string> = {
  "offline-access": "Apps that may work offline can stay signed in without being listed.",
  "current-not-listed": "The sign-in that this access token came from is not listed.",
};

/** A line for people. Names of browsers and apps are quoted, so that no control character in them reaches the terminal. */
function describe(signIn: SignIn): string {
  const [what, at] =
    signIn.kind === "session"
      ? [JSON.stringify(signIn.device ?? "a device that is not known"), signIn.changedAt]
      : [`app ${JSON.stringify(signIn.clientId)}`, signIn.lastUsedAt];
  const mark = signIn.kind === "session" && signIn.isCurrent ? ", this one" : "";
  return `${signIn.id} ${what}, ${signIn.state}, ${at?.toISOString() ?? "never used"}${mark}`;
}

/** By RFC 7009. The server answers 200 for an unknown token too. */
async function revokeOwnToken(token: string): Promise<void> {
  const form = { token, token_type_hint: "refresh_token", client_id: process.env.CLIENT_ID ?? "" };
  const response = await fetch(`${baseUrl}/oauth/v2/revoke`, { method: "POST", body: new URLSearchParams(form) });
  if (!response.ok) throw new Error(`not revoked: ${response.status} ${await response.text()}`);
  console.log("revoked this app's refresh token, and the access token that came with it");
}

const auth = createAuthClient({ baseUrl, token: () => process.env.ZITADEL_TOKEN ?? "", protocol });
try {
  const view = await listSignIns(auth, { currentIdToken: process.env.ZITADEL_ID_TOKEN });
  for (const signIn of view.signIns) console.log(describe(signIn));
  if (view.signIns.length === 0) console.log("ZITADEL lists no sign-in of this user.");
  for (const gap of view.incomplete) console.log(whyMore[gap]);

  const ids = process.argv.slice(2);
  const named = view.signIns.filter(({ id }) => ids.includes(id));
  const result = await (ids.includes("others") ? endOtherSignIns(auth, view) : endSignIns(auth, named));
  for (const id of result.ended) console.log(`ended ${id}`);
  for (const id of result.alreadyGone) console.log(`${id} was gone already`);
  for (const { id, error } of result.failed) console.log(`${id} is not ended: ${error.message}`);
  if (ids.includes("own")) await revokeOwnToken(process.env.REFRESH_TOKEN ?? "");
} finally {
  await auth.close();
}
