// This package's client over Connect's own transport for Node. Two services share its HTTP/2 connection. Token, refresh,
// deadline, retries and errors come from this package; sending, TLS and the limit of an answer's size from the transport.
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { createAuthClient, getErrorInfo, SessionService, viewRefreshTokens } from "zitadel-refresh-tokens";

const baseUrl = process.env.ZITADEL_URL ?? "https://my-instance.zitadel.cloud";
const token = () => process.env.ZITADEL_TOKEN ?? "";

const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: 60_000, idleConnectionTimeoutMs: 30_000 });
const transport = createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: 1024 * 1024 });

const auth = createAuthClient({ transport, token });
const sessions = auth.client(SessionService);

try {
  const { tokens } = viewRefreshTokens(await auth.listMyRefreshTokens({}));
  console.log(`${tokens.length} refresh tokens`);
  const { user } = await auth.getMyUser({});
  // Without this query ZITADEL would read every session of the instance.
  const own = { case: "userIdQuery", value: { id: user?.id ?? "" } } as const;
  const { sessions: listed } = await sessions.listSessions({ queries: [{ query: own }] });
  console.log(`${listed.length} sessions`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error, getErrorInfo(error));
  process.exitCode = 1;
} finally {
  await auth.close();
  // Whoever made the transport closes its connection.
  sessionManager.abort();
}
