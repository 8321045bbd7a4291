// A current ZITADEL, where new sign-ins with `offline_access` are not in the list of refresh tokens: lists one's
// sessions, ends one, and revokes the refresh token that this app holds.
//
// Measured on ZITADEL v4: ending a session ends its access tokens at ZITADEL at once, but not the refresh token of an
// app with `offline_access`, whose next refresh still gets an access token that works. Signing out and a new password
// do not end it either. What does: revoking it at /oauth/v2/revoke, which only its holder can do, its expiry, and
// locking or deactivating the user.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { SessionService } from "@zitadel/proto/zitadel/session/v2/session_service_pb.js";
import { createAuthTransport, grpc, grpcWeb, rest } from "zitadel-refresh-tokens";

const baseUrl = process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud";
const protocol = { grpc, "grpc-web": grpcWeb, rest }[process.env.PROTOCOL ?? "grpc"];

const transport = createAuthTransport({ baseUrl, token: () => process.env.ZITADEL_TOKEN ?? "", protocol });
const sessions = createClient(SessionService, transport);

const mine = await sessions.listSessions({});
for (const { id, changeDate, userAgent } of mine.sessions) {
  console.log(id, changeDate ? timestampDate(changeDate).toISOString() : "-", userAgent?.description ?? "");
}
const [sessionId] = process.argv.slice(2);
if (sessionId) {
  await sessions.deleteSession({ sessionId });
  console.log(`ended session ${sessionId}; apps with a refresh token may go on`);
}

const refreshToken = process.env.REFRESH_TOKEN;
if (refreshToken) {
  // RFC 7009. 200 also means that there was no such token, so there is nothing more to learn from the answer.
  const response = await fetch(`${baseUrl}/oauth/v2/revoke`, {
    method: "POST",
    body: new URLSearchParams({
      token: refreshToken,
      token_type_hint: "refresh_token",
      client_id: process.env.CLIENT_ID ?? "",
    }),
  });
  if (!response.ok) throw new Error(`not revoked: ${response.status} ${await response.text()}`);
  console.log("revoked this app's refresh token, and the access token that came with it");
}
await transport.close();
