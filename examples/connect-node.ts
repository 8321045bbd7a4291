// Connect's own transport for Node under this package's client, here to share one HTTP/2 connection with the client of
// another service. Token, refresh, deadline, retries and errors are this package's; sending, TLS and the size of
// answers are the transport's.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import { createAuthClient, createAuthTransport, getErrorInfo, viewRefreshTokens } from "zitadel-refresh-tokens";

const baseUrl = process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud";
const token = () => process.env.ZITADEL_TOKEN ?? "";

const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: 60_000, idleConnectionTimeoutMs: 30_000 });
const transport = createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: 1024 * 1024 });

const auth = createAuthClient({ transport, token });
const users = createClient(UserService, createAuthTransport({ transport, token }));

try {
  const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}));
  console.log(`${tokens.length} refresh tokens`);
  const { result } = await users.listUsers({});
  console.log(`${result.length} users`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error, getErrorInfo(error));
  process.exitCode = 1;
} finally {
  await auth.close();
  // What was passed in stays its owner's to close.
  sessionManager.abort();
}
